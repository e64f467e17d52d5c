import type { IconName } from '../parts/Icon';

/** The jobs of the rail, with their chord after `g`. */
export interface Job {
  key: string;
  name: string;
  icon: IconName;
  to: string;
  /** Paths that belong to the job besides `to`. */
  also: readonly string[];
}

export const JOBS: readonly Job[] = [
  { key: 'm', name: 'Market', icon: 'market', to: '/market', also: [] },
  { key: 'f', name: 'Fleet', icon: 'fleet', to: '/fleet', also: ['/units'] },
  { key: 'l', name: 'Logistics', icon: 'logistics', to: '/logistics', also: [] },
  { key: 'p', name: 'Pool', icon: 'pool', to: '/pool', also: [] },
  { key: '$', name: 'Money', icon: 'money', to: '/money', also: [] },
];

export function jobOf(path: string): Job | undefined {
  return JOBS.find((j) => [j.to, ...j.also].some((p) => path === p || path.startsWith(p + '/')));
}
