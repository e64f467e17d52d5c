import type { SignIn, World } from '../api/types';
import { int, pricePerTH } from '../lib/format';

export interface FirstStep {
  name: string;
  about: string;
  /** What the world shows of it. */
  shows: string;
  action: string;
  to: string;
  state: 'done' | 'live' | 'todo';
}

/** The six first steps. Their state comes from the world, not from clicks. */
export function stepsOf({ machines, offered, ask_mc, trade, unit, reached }: World['progress']): FirstStep[] {
  const has = (state: string) => reached.includes(state);
  const done = [
    machines > 0, offered > 0 || has('matched'), has('funded'), has('shipped'), has('proving') || has('proven'), has('released'),
  ];
  const first = done.indexOf(false);
  const steps = [
    ['Watch machines come in', 'The agents found the simulated machines and read their serials, MACs and boards.',
      machines > 0 ? `${int(machines)} found` : '', 'Open fleet', '/fleet'],
    ['List one', 'As the seller: press s, choose a serial, name a price. The ask is backed by that serial.',
      ask_mc ? `best ask $${pricePerTH(ask_mc)} /TH` : '', 'Open market', '/market'],
    ['Buy it', 'As the buyer: press b, then ⌘↵, and pay the trade by bank transfer.', has('matched') ? (trade ?? '') : '',
      has('matched') && !has('funded') ? 'Pay now' : 'Buy now', has('matched') && !has('funded') ? '/trades' : '/market'],
    ['Pack and send it', 'Logistics scan the serial into its shipment. Try the wrong serial once.', '', 'Open bench', '/logistics'],
    ['Receive and redirect', 'The buyer’s agent writes all slots, reads them back and waits for shares.', '', 'Open fleet', '/fleet'],
    ['See it proven and paid', 'A few minutes of work prove the sold hashrate, and the held payout goes to the seller.', '', 'Open life line',
      unit ? `/units/${unit}` : '/fleet'],
  ] as const;
  return steps.map(([name, about, shows, action, to], i) => ({
    name, about, shows, action, to, state: done[i] && (first === -1 || i < first) ? 'done' : i === first ? 'live' : 'todo',
  }));
}

/** The people a newcomer needs, in the order of the steps. */
const FIRST: readonly (readonly [org: RegExp, role: string])[] = [
  [/seller/i, 'trader'], [/buyer/i, 'trader'], [/buyer/i, 'operator'], [/seller/i, 'logistics'], [/./, 'desk'], [/./, 'treasury'],
];

/** All sign-ins, those of a newcomer first: they have the keys 1–6. */
export function orderedSignIns(all: readonly SignIn[]): SignIn[] {
  const first = FIRST.flatMap(([org, role]) => all.find((s) => s.role === role && org.test(s.org_name)) ?? []);
  return [...first, ...all.filter((s) => !first.includes(s))];
}

/** 1,000,000,000 as 10⁹: what is shown of one hash. */
export function powerOfTen(n: number): string {
  const e = Math.log10(n);
  if (!Number.isInteger(e) || e < 4) return int(n);
  return '10' + String(e).replace(/\d/g, (d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(d)));
}
