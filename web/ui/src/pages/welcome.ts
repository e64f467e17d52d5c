import type { Trade, Unit, World } from '../api/types';

export interface FirstStep {
  name: string;
  about: string;
  action: string;
  to: string;
  state: 'done' | 'live' | 'todo';
}

const ORDER = ['matched', 'funded', 'shipped', 'delivered', 'proving', 'proven', 'released'];

/** The six first steps. Their state comes from the world, not from clicks. */
export function stepsOf(units: readonly Unit[], trades: readonly Trade[]): FirstStep[] {
  const far = Math.max(-1, ...trades.map((t) => ORDER.indexOf(t.state)));
  const reached = (state: string) => far >= ORDER.indexOf(state);
  const traded = trades.flatMap((t) => t.units)[0];
  const life = traded ?? units.find((u) => u.state === 'listed')?.id ?? units[0]?.id;
  const done = [
    units.length > 0,
    reached('matched') || units.some((u) => u.state !== 'available'),
    reached('funded'),
    reached('shipped'),
    reached('proving'),
    reached('released'),
  ];
  const first = done.indexOf(false);
  const steps = [
    ['Watch machines come in', 'The agents found the simulated machines and read their serials, MACs and boards.', 'Open fleet', '/fleet'],
    ['List one', 'As the seller: press s, choose a serial, name a price. The ask is backed by that serial.', 'Open market', '/market'],
    ['Buy it', 'As the buyer: press b, then ⌘↵, and fund the trade by bank transfer.', 'Open market', '/market'],
    ['Pack and send it', 'Logistics scan the serial into its shipment. Try the wrong serial once.', 'Open logistics', '/logistics'],
    ['Receive and redirect', 'The buyer’s agent writes all slots, reads them back and waits for shares.', 'Open fleet', '/fleet'],
    ['See it proven and paid', 'A few minutes of work prove the sold hashrate, and the held payout goes to the seller.', 'Open life line',
      life ? `/units/${life}` : '/fleet'],
  ] as const;
  return steps.map(([name, about, action, to], i) => ({
    name, about, action, to, state: done[i] && (first === -1 || i < first) ? 'done' : i === first ? 'live' : 'todo',
  }));
}

export interface Part {
  name: string;
  address: string;
  note: string;
}

/** Where the parts of the world are, as far as a browser may know. */
export function partsOf(w: World): Part[] {
  const host = (url: string) => url.replace(/^[a-z+]+:\/\//, '').replace(/\/$/, '');
  return [
    ...(w.stratum ? [{ name: 'Stratum', address: host(w.stratum), note: 'machines sign in with their own secret' }] : []),
    ...(w.chain ? [{ name: 'Dev chain', address: host(w.chain), note: 'JSON-RPC, full consensus checks' }] : []),
    ...(w.stripe ? [{ name: 'Stripe double', address: host(w.stripe), note: 'also the buyer’s bank' }] : []),
    ...(w.sites ?? []).map((s) => ({ name: s.name, address: s.cidr, note: 'simulated machines, one address each' })),
  ];
}
