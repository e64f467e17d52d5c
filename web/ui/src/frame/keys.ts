import { actionsFor, pagesFor } from './jobs';

// What the keyboard does, by page. A page that binds keys names them here.

export interface KeyGroup {
  name: string;
  /** Beginnings of the paths it belongs to; none means everywhere. */
  on?: readonly string[];
  keys: readonly (readonly [keys: string, what: string])[];
}

const EVERYWHERE: KeyGroup = {
  name: 'Everywhere',
  keys: [['⌘ K', 'search, pages, actions'], ['?', 'these keys'], ['esc', 'close; from one thing back to its list']],
};

const PAGES: readonly KeyGroup[] = [
  {
    name: 'Order ticket', on: ['/market'],
    keys: [['b', 'buy'], ['s', 'sell'], ['↑ ↓', 'one tick'], ['⇧ ↑ ↓', 'ten ticks'], ['p', 'price from the ladder'], ['o', 'more: type, conditions'], ['⌘ ↵', 'send']],
  },
  {
    name: 'Market', on: ['/market'],
    keys: [['/', 'instruments'], ['j k', 'next and previous order'], ['e', 'amend the order'], ['x', 'cancel the order'], ['⌥ X', 'cancel all orders'], ['⇧ H', 'the desk: halt or resume trading']],
  },
  { name: 'Life line', on: ['/units'], keys: [['j k', 'next and previous step'], ['← →', 'next and previous step']] },
  { name: 'Lists', on: ['/trades', '/desk', '/fleet', '/redirects', '/logistics/all', '/pool/workers', '/pool/statements'], keys: [['j k', 'next and previous row'], ['↵', 'open']] },
  { name: 'Fleet', on: ['/fleet'], keys: [['f', 'filter'], ['x', 'select the row'], ['r', 'redirect what is selected: dry run first'], ['b', 'back to the old pools'], ['esc', 'select nothing']] },
  { name: 'Miner', on: ['/miners'], keys: [['r', 'redirect: dry run first']] },
  { name: 'Redirects', on: ['/redirects'], keys: [['⇧ H', 'halt the plan']] },
  { name: 'Workers', on: ['/pool/workers'], keys: [['f', 'filter']] },
  { name: 'Treasury', on: ['/treasury'], keys: [['⇧ F', 'freeze payouts, or open them again']] },
  { name: 'Bench', on: ['/logistics'], keys: [['↵', 'take the scan, clear an error'], ['⌫', 'undo the last scan'], ['esc', 'leave the bench']] },
  { name: 'Sign in by role', on: ['/welcome', '/signin'], keys: [['1 … 9', 'sign in as that person']] },
];

/** The keys of a page for somebody who may do `can`, the page's own first. */
export function keysFor(path: string, can: readonly string[]): KeyGroup[] {
  const here = PAGES.filter((g) => g.on?.some((p) => path === p || path.startsWith(p + '/')));
  const chords = new Map([...actionsFor(can), ...pagesFor(can)].flatMap((c) => (c.keys?.startsWith('g ') ? [[c.keys, c.name] as const] : [])));
  return [...here, EVERYWHERE, { name: 'Go to', keys: [...chords] }];
}
