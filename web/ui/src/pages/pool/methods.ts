/** The fee indexes by name and version, in words. */
export const METHODS: Record<string, string> = {
  'sma/1': 'mean of the last blocks', 'sma-trim3/1': 'mean of the last blocks, 3 + 3 trimmed', 'day/1': 'UTC day', 'day-trim3/1': 'UTC day, 3 + 3 trimmed',
};

export const methodWords = (m: string): string => (METHODS[m] ? `${METHODS[m]} (${m})` : m);
