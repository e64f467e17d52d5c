import type { SiteMap, Spot } from '../../api/types';

// Where everything of the map is, in CSS pixels; pure, so that drawing and
// hitting never disagree.

export interface Box { x0: number; y0: number; x1: number; y1: number }

export interface Cell { x: number; y: number; w: number; h: number; spot: Spot }

export interface Layout {
  width: number;
  height: number;
  top: number;
  cells: Cell[];
  racks: { name: string; x: number; w: number; label: boolean }[];
  shelfLabels: { text: string; y: number }[];
}

const LEFT = 26;
const TOP = 20;

/** Racks share the width; a shelf is as high as the fullest rack leaves room for. */
export function layoutOf(map: SiteMap, width: number): Layout {
  const out: Layout = { width, height: 60, top: TOP, cells: [], racks: [], shelfLabels: [] };
  const n = map.racks.length;
  if (n === 0 || width <= LEFT) return out;
  const deepest = Math.max(1, ...map.racks.flatMap((r) => r.slots.map((s) => s.shelf)));
  const pitch = Math.min(64, (width - LEFT) / n);
  const h = Math.max(3, Math.min(12, Math.floor(240 / deepest)));
  const every = Math.ceil(34 / pitch);
  map.racks.forEach((r, i) => {
    const x = LEFT + i * pitch;
    const w = Math.max(2, pitch - Math.min(4, pitch * 0.2));
    out.racks.push({ name: r.name, x, w, label: i % every === 0 });
    for (const spot of r.slots) out.cells.push({ x, y: TOP + Math.max(0, spot.shelf - 1) * h, w, h: Math.max(2, h - 2), spot });
  });
  for (let shelf = 1; shelf <= deepest; shelf += Math.ceil(16 / h)) {
    out.shelfLabels.push({ text: String(shelf), y: TOP + (shelf - 1) * h + h / 2 });
  }
  out.height = TOP + deepest * h + 6;
  return out;
}

/** What is under a point: a rack's name in the head, a machine below. */
export function hitOf(l: Layout, x: number, y: number): { rack: string | null; spot: Spot | null } {
  if (y < l.top) {
    const r = l.racks.findLast((k) => x >= k.x);
    return { rack: r && x >= (l.racks[0]?.x ?? 0) ? r.name : null, spot: null };
  }
  const c = l.cells.find((k) => x >= k.x && x < k.x + k.w && y >= k.y - 1 && y < k.y + k.h + 1);
  return { rack: null, spot: c?.spot ?? null };
}

/** The machines that a drag touches. */
export function within(l: Layout, b: Box): string[] {
  const [x0, x1] = b.x0 < b.x1 ? [b.x0, b.x1] : [b.x1, b.x0];
  const [y0, y1] = b.y0 < b.y1 ? [b.y0, b.y1] : [b.y1, b.y0];
  return l.cells.filter((c) => c.x <= x1 && c.x + c.w >= x0 && c.y <= y1 && c.y + c.h >= y0).map((c) => c.spot.id);
}
