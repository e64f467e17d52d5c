const BROWSERS = [['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']] as const;
const SYSTEMS = [['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac OS X', 'Mac'], ['Linux', 'Linux']] as const;

/** What a browser says of itself, in two words. */
export function deviceOf(agent: string): string {
  const name = (of: readonly (readonly [string, string])[]) => of.find(([sign]) => agent.includes(sign))?.[1];
  return [name(BROWSERS), name(SYSTEMS)].filter(Boolean).join(' on ') || (agent.split('/')[0] ?? '').slice(0, 40) || 'not told';
}
