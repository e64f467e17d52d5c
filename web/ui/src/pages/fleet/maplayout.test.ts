import { expect, test } from 'vitest';
import type { SiteMap } from '../../api/types';
import { hitOf, layoutOf, within } from './maplayout';

const site = (racks: number, shelves: number): SiteMap => ({
  racks: Array.from({ length: racks }, (_, r) => ({
    name: `R${r + 1}`,
    slots: Array.from({ length: shelves }, (_, s) => ({ id: `${r}-${s}`, serial: `S${r}${s}`, shelf: s + 1, health: 'ok' })),
  })),
});

test('every machine can be hit, and none stands outside', () => {
  for (const [racks, shelves, width] of [[1, 1, 300], [3, 24, 358], [60, 84, 1000]] as const) {
    const l = layoutOf(site(racks, shelves), width);
    expect(l.cells.length).toBe(racks * shelves);
    for (const c of l.cells) {
      expect(hitOf(l, c.x + c.w / 2, c.y + c.h / 2).spot?.id).toBe(c.spot.id);
      expect(c.x + c.w <= width && c.y + c.h <= l.height).toBe(true);
    }
  }
});

test('a drag takes what it touches, in whatever direction', () => {
  const l = layoutOf(site(3, 4), 600);
  const all = { x0: 0, y0: 0, x1: 600, y1: 600 };
  expect(within(l, all).length).toBe(12);
  expect(within(l, { x0: 600, y0: 600, x1: 0, y1: 0 }).length).toBe(12);
  const first = l.cells[0];
  if (!first) throw new Error('no cell');
  expect(within(l, { x0: first.x + 1, y0: first.y + 1, x1: first.x + 1, y1: first.y + 1 })).toEqual(['0-0']);
});

test('the head belongs to the racks', () => {
  const l = layoutOf(site(3, 4), 600);
  expect(hitOf(l, (l.racks[1]?.x ?? 0) + 2, 5)).toEqual({ rack: 'R2', spot: null });
  expect(hitOf(l, 1, 5).rack).toBeNull();
  expect(layoutOf({ racks: [] }, 600).cells).toEqual([]);
});
