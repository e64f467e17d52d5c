import { useMantineColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { SiteMap, Spot } from '../../api/types';
import { heat, HEALTHS, paintOf, type Paint } from './health';
import { hitOf, layoutOf, within, type Box, type Layout } from './maplayout';

export type MapShows = 'hashrate' | 'temp';

interface Props {
  map: SiteMap;
  shows: MapShows;
  rack: string;
  picked: ReadonlySet<string>;
  onPick: (ids: readonly string[]) => void;
  onRack: (name: string) => void;
  onOpen: (id: string) => void;
}

/** Racks as columns, shelves as rows. A drag selects slots, a click on a rack's
 *  name filters the table, a double click opens the machine. The table below
 *  says the same in words, for those who cannot see the map. */
export function RackMap(p: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { colorScheme } = useMantineColorScheme();
  const [width, setWidth] = useState(0);
  const [drag, setDrag] = useState<Box | null>(null);
  const [over, setOver] = useState<Spot | null>(null);
  const layout = layoutOf(p.map, width);
  useEffect(() => {
    const el = canvas.current?.parentElement;
    if (!el) return;
    const watch = new ResizeObserver(() => setWidth(el.clientWidth));
    watch.observe(el);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (canvas.current && layout.width > 0) draw(canvas.current, layout, p, drag);
  }, [layout, p, drag, colorScheme]);
  const at = (ev: React.PointerEvent | React.MouseEvent) => {
    const r = ev.currentTarget.getBoundingClientRect();
    return { x: ev.clientX - r.left, y: ev.clientY - r.top };
  };
  const n = p.map.racks.reduce((sum, r) => sum + r.slots.length, 0);
  return (
    <div className="fl-map">
      <canvas
        ref={canvas} style={{ height: layout.height }} role="img"
        aria-label={`Map of ${n} machines in ${p.map.racks.length} racks; the table below lists them`}
        onPointerDown={(ev) => {
          const { x, y } = at(ev);
          const name = hitOf(layout, x, y).rack;
          if (name !== null) {
            p.onRack(name === p.rack ? '' : name);
            return;
          }
          ev.currentTarget.setPointerCapture(ev.pointerId);
          setDrag({ x0: x, y0: y, x1: x, y1: y });
        }}
        onPointerMove={(ev) => {
          const { x, y } = at(ev);
          if (drag) setDrag({ ...drag, x1: x, y1: y });
          else setOver(hitOf(layout, x, y).spot);
        }}
        onPointerUp={() => {
          if (!drag) return;
          p.onPick(within(layout, drag));
          setDrag(null);
        }}
        onPointerLeave={() => setOver(null)}
        onDoubleClick={(ev) => {
          const { x, y } = at(ev);
          const { spot } = hitOf(layout, x, y);
          if (spot) p.onOpen(spot.id);
        }}
      />
      <p className="fl-map-says sm t2" aria-hidden="true">{over ? saysOf(over) : 'Drag selects machines, a rack’s name filters the table'}</p>
    </div>
  );
}

function saysOf(s: Spot): string {
  const word = Object.entries(HEALTHS).find(([h]) => h === s.health)?.[1][1] ?? s.health;
  const parts = [s.serial || 'no serial', `shelf ${s.shelf}`, word];
  if (s.ratio !== undefined) parts.push(`${(s.ratio * 100).toFixed(1)} % of nominal`);
  if (s.max_temp_c !== undefined) parts.push(`${s.max_temp_c.toFixed(0)} °C`);
  return parts.join(' · ');
}

function draw(el: HTMLCanvasElement, layout: Layout, p: Props, drag: Box | null) {
  const px = devicePixelRatio;
  el.width = layout.width * px;
  el.height = layout.height * px;
  const ctx = el.getContext('2d');
  if (!ctx) return;
  const css = getComputedStyle(el);
  const ink = (name: string) => css.getPropertyValue(`--${name}`).trim();
  ctx.scale(px, px);
  ctx.font = `11px ${ink('sans')}`;
  ctx.textBaseline = 'middle';
  ctx.fillStyle = ink('t2');
  for (const l of layout.shelfLabels) ctx.fillText(l.text, 0, l.y);
  for (const r of layout.racks) {
    ctx.fillStyle = r.name === p.rack ? ink('ac') : ink('t2');
    if (r.label) ctx.fillText(r.name, r.x, 8);
    if (r.name === p.rack) {
      ctx.strokeStyle = ink('t1');
      ctx.strokeRect(r.x - 1.5, layout.top - 2.5, r.w + 3, layout.height - layout.top);
    }
  }
  const fill = (paint: Paint) => ink(paint === 'hollow' ? 't3' : paint);
  for (const c of layout.cells) {
    const paint = p.shows === 'temp' && c.spot.health !== 'offline' ? heat(c.spot.max_temp_c) : paintOf(c.spot);
    if (paint === 'hollow') {
      ctx.strokeStyle = fill(paint);
      ctx.strokeRect(c.x + 0.5, c.y + 0.5, c.w - 1, c.h - 1);
    } else {
      ctx.fillStyle = fill(paint);
      ctx.fillRect(c.x, c.y, c.w, c.h);
    }
    if (p.picked.has(c.spot.id)) {
      ctx.strokeStyle = ink('t1');
      ctx.strokeRect(c.x - 0.5, c.y - 0.5, c.w + 1, c.h + 1);
    }
  }
  if (drag) {
    ctx.strokeStyle = ink('ac');
    ctx.fillStyle = ink('acb');
    const box = [Math.min(drag.x0, drag.x1), Math.min(drag.y0, drag.y1), Math.abs(drag.x1 - drag.x0), Math.abs(drag.y1 - drag.y0)] as const;
    ctx.fillRect(...box);
    ctx.strokeRect(...box);
  }
}
