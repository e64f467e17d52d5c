import type { IconName } from '../parts/Icon';

/** The jobs of the rail, with their chord after `g`. */
export interface Job {
  key: string;
  name: string;
  icon: IconName;
  to: string;
  /** Paths that belong to the job besides `to`. */
  also: readonly string[];
  /** Its figure in GET /turns. */
  turns?: 'market' | 'fleet' | 'logistics' | 'money' | 'desk';
  /** The action without which the job is not shown. */
  needs?: string;
}

export const JOBS: readonly Job[] = [
  { key: 'm', name: 'Market', icon: 'market', to: '/market', also: ['/trades'], turns: 'market' },
  { key: 'f', name: 'Fleet', icon: 'fleet', to: '/fleet', also: ['/units', '/miners', '/redirects'], turns: 'fleet' },
  { key: 'l', name: 'Logistics', icon: 'logistics', to: '/logistics', also: [], turns: 'logistics' },
  { key: 'p', name: 'Pool', icon: 'pool', to: '/pool', also: [] },
  { key: '$', name: 'Money', icon: 'money', to: '/money', also: ['/treasury'], turns: 'money' },
  { key: 'd', name: 'Desk', icon: 'desk', to: '/desk', also: [], turns: 'desk', needs: 'house.read' },
];

/** The list that a page of one thing belongs to; none for a list. */
export function listOf(path: string): string | undefined {
  const m = /^(\/(?:trades|redirects|pool\/workers|pool\/statements)|\/(?:units|miners))\/[^/]+$/.exec(path);
  return m?.[1] === '/units' ? '/fleet/units' : m?.[1] === '/miners' ? '/fleet' : m?.[1];
}

export function jobOf(path: string): Job | undefined {
  return JOBS.find((j) => [j.to, ...j.also].some((p) => path === p || path.startsWith(p + '/')));
}

/** The jobs that are shown to somebody who may do `can`. */
export const jobsFor = (can: readonly string[]) => JOBS.filter((j) => !j.needs || can.includes(j.needs));

/** A way to a page or a thing to do, by name and key. */
export interface Command {
  id: string;
  name: string;
  /** As it is pressed: "g m", "?". */
  keys?: string;
  to: string;
  /** The action without which it is not offered. */
  needs?: string;
  /** More words that find it. */
  words?: string;
}

/** Pages besides the jobs' first ones. */
const PAGES: readonly Command[] = [
  { id: 'trades', name: 'Trades', keys: 'g t', to: '/trades', needs: 'trades.read', words: 'orders matched payout dispute' },
  { id: 'redirects', name: 'Redirects', keys: 'g r', to: '/redirects', needs: 'fleet.read', words: 'plans waves halt roll back' },
  { id: 'workers', name: 'Pool workers', to: '/pool/workers', needs: 'pool.read', words: 'online slow silent hashrate secret' },
  { id: 'statements', name: 'Pool statements', to: '/pool/statements', needs: 'pool.read', words: 'verify recompute receipt merkle signature earnings' },
  { id: 'blocks', name: 'Blocks and rounds', to: '/pool/blocks', needs: 'pool.read', words: 'pool luck effort orphan found' },
  { id: 'terms', name: 'Pool terms', to: '/pool/terms', needs: 'pool.read', words: 'fee index price reserve accounts' },
  { id: 'watchers', name: 'Watcher links', to: '/pool/watchers', needs: 'pool.write', words: 'pool share read only public link' },
  { id: 'status', name: 'Pool status, public', to: '/status', words: 'uptime health open' },
  { id: 'members', name: 'Members', keys: 'g o', to: '/organisation', needs: 'users.read', words: 'organisation people roles invite' },
  { id: 'standing', name: 'Verification', to: '/organisation/verification', needs: 'verify.read', words: 'organisation kyc legal name owners' },
  { id: 'webhooks', name: 'Webhooks', to: '/organisation/webhooks', needs: 'hooks.write', words: 'events deliveries secret' },
  { id: 'audit', name: 'Audit trail', to: '/organisation/audit', needs: 'audit.read', words: 'log history chain who did' },
  { id: 'organisations', name: 'Organisations', to: '/desk/verifications', needs: 'verify.decide', words: 'verify refuse suspend desk' },
  { id: 'sanctions', name: 'Sanctions lists', to: '/desk/sanctions', needs: 'verify.decide', words: 'ofac sdn import screening' },
  { id: 'miners-doc', name: 'Mining at the pool', to: '/docs/pool', words: 'docs documentation stratum connect password tls difficulty help' },
  { id: 'welcome', name: 'Local world', keys: 'g w', to: '/welcome', words: 'start sign in roles help' },
  { id: 'tour', name: 'Tour in five minutes', to: '/docs/tour', words: 'docs documentation help manual' },
  { id: 'api', name: 'API', to: '/docs', words: 'docs documentation openapi developer routes' },
];

const ACTIONS: readonly Command[] = [
  { id: 'buy', name: 'Buy machines', keys: 'g m', to: '/market', needs: 'orders.write', words: 'order bid ticket' },
  { id: 'sell', name: 'Sell machines', keys: 'g m', to: '/market', needs: 'orders.write', words: 'order ask list serial' },
  { id: 'fund', name: 'Pay for a trade', keys: 'g t', to: '/trades', needs: 'trades.fund', words: 'fund bank transfer' },
  { id: 'redirect', name: 'Redirect machines …', to: '/fleet', needs: 'fleet.redirect', words: 'pool point slots plan' },
  { id: 'scan', name: 'Pack or receive a shipment by scan', keys: 'g s', to: '/logistics', needs: 'shipments.scan', words: 'bench serial dispatch' },
  { id: 'address', name: 'Set the payout address', keys: 'g $', to: '/money', needs: 'payout.address', words: 'bitcoin wallet' },
  { id: 'decide', name: 'Decide disputes', keys: 'g d', to: '/desk', needs: 'trades.decide', words: 'refund release verification' },
];

const allowed = (can: readonly string[]) => (c: Command) => !c.needs || can.includes(c.needs);

export const pagesFor = (can: readonly string[]): Command[] => [
  ...jobsFor(can).map((j) => ({ id: j.to, name: j.name, keys: `g ${j.key}`, to: j.to })),
  ...PAGES.filter(allowed(can)),
];

export const actionsFor = (can: readonly string[]): Command[] => ACTIONS.filter(allowed(can));

/** Every chord that opens a page, for somebody who may do `can`. */
export function chordsFor(can: readonly string[]): Record<string, string> {
  const all = [...actionsFor(can), ...pagesFor(can)];
  return Object.fromEntries(all.flatMap((c) => (c.keys ? [[c.keys, c.to]] : [])));
}
