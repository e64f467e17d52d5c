import type { SearchResult } from '../api/types';
import type { GlyphKind } from '../parts/Glyph';
import { actionsFor, pagesFor, type Command } from './jobs';

// What the palette offers, as values. The server finds things; pages and
// actions are known here.

export interface Entry {
  id: string;
  group: string;
  to: string;
  label: string;
  /** Labels that are read off a machine or a paper. */
  mono?: boolean;
  about?: string;
  glyph?: GlyphKind;
  /** What opening it does, or its key. */
  does?: string;
  keys?: string;
}

type Group = SearchResult['groups'][number];
type Hit = Group['hits'][number];

const GROUPS: Record<Group['kind'], { name: string; does: string; to: (h: Hit) => string }> = {
  machine: { name: 'Machines', does: 'Life line', to: (h) => `/units/${h.id}` },
  trade: { name: 'Trades', does: 'Open', to: (h) => `/trades/${h.id}` },
  order: { name: 'Orders', does: 'Market', to: (h) => `/market/${h.of ?? ''}` },
  shipment: { name: 'Shipments', does: 'Open', to: (h) => `/logistics/${h.id}` },
  payout: { name: 'Payouts', does: 'Money', to: () => '/money' },
  block: { name: 'Blocks', does: 'Pool', to: () => '/pool/blocks' },
};

const GLYPHS: Partial<Record<string, GlyphKind>> = {
  available: 'todo', listed: 'todo', sold: 'live', packed: 'live', in_transit: 'live', arrived: 'live', received: 'done', returning: 'hold',
  matched: 'look', funded: 'live', shipped: 'live', delivered: 'live', proving: 'live', proven: 'done', released: 'done', refuted: 'wrong',
  disputed: 'hold', cancelled: 'off', placing: 'todo', open: 'todo', filled: 'done', rejected: 'wrong', packing: 'todo', dispatched: 'live',
  exception: 'hold', returned: 'off', requested: 'todo', reserved: 'todo', awaiting_signature: 'hold', signed: 'live', broadcast: 'live',
  confirmed: 'done', refused: 'wrong', found: 'todo', accepted: 'live', orphaned: 'off',
};

/** A state in words: "in transit". */
const words = (state: string) => state.replaceAll('_', ' ');

export function hitsOf(found: SearchResult): Entry[] {
  return found.groups.flatMap((g) => g.hits.map((h): Entry => {
    const kind = GROUPS[g.kind];
    return {
      id: `${g.kind}-${h.id}`, group: kind.name + (g.more ? ` · first ${g.hits.length}` : ''), to: kind.to(h), label: h.label, mono: true,
      about: [h.about, words(h.state)].join(' · '), glyph: GLYPHS[h.state] ?? 'todo', does: kind.does,
    };
  }));
}

const commandEntry = (group: string) => (c: Command): Entry => ({ id: `${group}-${c.id}`, group, to: c.to, label: c.name, ...(c.keys && { keys: c.keys }) });

/** Every word of the query begins a word of the name. */
export function matches(q: string, c: Command): boolean {
  const has = `${c.name} ${c.words ?? ''}`.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return q.toLowerCase().split(/\s+/).filter(Boolean).every((w) => has.some((h) => h.startsWith(w)));
}

export function commandsOf(q: string, can: readonly string[]): Entry[] {
  return [
    ...actionsFor(can).filter((c) => matches(q, c)).map(commandEntry('Do')),
    ...pagesFor(can).filter((c) => matches(q, c)).map(commandEntry('Go to')),
  ];
}

const RECENT = 6;

/** The last things opened from the palette, newest first; each once. */
export function remember(list: readonly Entry[], e: Entry): Entry[] {
  return [{ ...e, group: 'Recent' }, ...list.filter((x) => x.to !== e.to)].slice(0, RECENT);
}

/** What storage gives back is not trusted further than its shape. */
export function recentFrom(text: string | null): Entry[] {
  try {
    const v: unknown = JSON.parse(text ?? '[]');
    if (!Array.isArray(v)) return [];
    return v.filter((e): e is Entry => typeof e === 'object' && e !== null
      && ['id', 'to', 'label'].every((k) => typeof (e as Record<string, unknown>)[k] === 'string')
      && /^\/(?![/\\])/.test((e as Entry).to)).slice(0, RECENT).map((e) => ({ ...e, group: 'Recent' }));
  } catch {
    return [];
  }
}

/** "T-2187" and the like: worth asking the server from two signs on. */
export const asks = (q: string) => q.length >= 2;
