import { useMantineColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { PoolChart as Data } from '../../api/types';
import { fixed, int } from '../../lib/format';
import { day, dayMinute, minute } from '../../lib/time';
import { rowsOf, spread, unitFor, type Unit } from './chartdata';

/** Hashrate with its band above hashprice; blocks are ticks between them. */
export function PoolChart({ data, phone }: { data: Data; phone: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const { colorScheme } = useMantineColorScheme();
  useEffect(() => {
    const el = box.current;
    if (!el) return;
    const css = getComputedStyle(el);
    const ink = (name: string) => css.getPropertyValue(`--${name}`).trim();
    const unit = unitFor(Math.max(0, ...data.points.map((p) => p.ths)));
    const rows = rowsOf(data, unit);
    const plot = new uPlot(options(data, unit, rows, ink, phone, el), [rows.t, rows.high, rows.low, rows.est, rows.price] as uPlot.AlignedData, el);
    const watch = new ResizeObserver(() => plot.setSize({ width: el.clientWidth, height: el.clientHeight }));
    watch.observe(el);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [data, phone, colorScheme]);
  return <div ref={box} className="pl-chart" role="img" aria-label={describe(data)} />;
}

function describe(d: Data): string {
  const last = d.points.at(-1);
  const price = d.prices.at(-1);
  const rate = last ? `Accepted ${fixed(last.ths, 1)} TH/s` : 'No accepted shares';
  return `${rate}, hashprice ${price ? `${int(price.hashprice * 1000)} sat a PH/s and day` : 'unknown'}, ${d.blocks.length} blocks in the window.`;
}

function options(d: Data, unit: Unit, rows: ReturnType<typeof rowsOf>, ink: (n: string) => string, phone: boolean, el: HTMLElement): uPlot.Options {
  const [lo, hi] = spread([...rows.low, ...rows.high, ...rows.est]);
  const [plo, phi] = spread(rows.price);
  const from = Date.parse(d.from) / 1000;
  const to = Date.parse(d.to) / 1000;
  const font = `${phone ? 12 : 11}px ${ink('sans')}`;
  const axis = { stroke: ink('t2'), font, ticks: { show: false } };
  const places = hi - lo > 20 ? 0 : hi - lo > 2 ? 1 : 2;
  // Two thirds above, a third below, some room for the ticks between them.
  const yFrom = lo - (hi - lo) * 0.85;
  const pTo = phi + (phi - plo) * 2.1;
  return {
    width: el.clientWidth, height: el.clientHeight, legend: { show: false }, cursor: { show: false }, padding: [12, phone ? 12 : 76, 0, 0],
    scales: { x: { time: true, range: [from, to] }, y: { range: [yFrom, hi] }, p: { range: [plo, pTo] } },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: phone ? 70 : 100, values: (_u, ts) => ts.map((t) => (to - from <= 172_800 ? (t % 86_400 === 0 ? day(t * 1000) : minute(t * 1000)) : day(t * 1000))) },
      { ...axis, grid: { stroke: ink('ln'), width: 1 }, size: 54, space: 44, filter: (_u, s) => s.map((v) => (v >= lo ? v : null)), values: (_u, vs) => (vs as (number | null)[]).map((v) => (v === null ? '' : fixed(v, places))) },
    ],
    series: [
      {},
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
      { stroke: ink('ac'), width: 2, points: { show: rows.est.filter((v) => v !== null).length < 3 } },
      { scale: 'p', stroke: ink('t1'), width: 1.4, points: { show: false }, ...(uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: 1 }) }) },
    ],
    bands: [{ series: [1, 2], fill: ink('acl') }],
    hooks: { draw: [(u) => draw(u, d, unit, rows, ink, phone)] },
  };
}

function draw(u: uPlot, d: Data, unit: Unit, rows: ReturnType<typeof rowsOf>, ink: (n: string) => string, phone: boolean) {
  const { ctx, bbox } = u;
  const px = devicePixelRatio;
  ctx.save();
  ctx.font = `${(phone ? 12 : 11) * px}px ${ink('sans')}`;
  ctx.textBaseline = 'middle';
  const ticks = bbox.top + bbox.height * 0.6;
  for (const b of d.blocks) {
    const x = u.valToPos(Date.parse(b.at) / 1000, 'x', true);
    const r = (d.blocks.length > 60 ? 3 : 5) * px;
    ctx.fillStyle = b.state === 'orphaned' ? ink('t3') : ink('t1');
    ctx.beginPath();
    ctx.moveTo(x, ticks - r);
    ctx.lineTo(x + r, ticks + r);
    ctx.lineTo(x - r, ticks + r);
    ctx.closePath();
    ctx.fill();
  }
  const turns = d.prices.filter((p) => p.retarget);
  for (const p of turns.slice(-6)) {
    const x = u.valToPos(Date.parse(p.at) / 1000, 'x', true);
    if (x < bbox.left) continue;
    ctx.setLineDash([2 * px, 3 * px]);
    ctx.strokeStyle = ink('ln2');
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = ink('t2');
    ctx.textAlign = 'right';
    const change = (p.retarget ?? 0) * 100;
    if (!phone && p === turns.at(-1)) ctx.fillText(`retarget ${change > 0 ? '+' : '−'}${Math.abs(change).toFixed(2)} %, ${dayMinute(p.at)}`, x - 6 * px, ticks + 18 * px);
  }
  if (!phone) {
    const label = (v: number | null | undefined, scale: string, words: string, color: string) => {
      if (v === null || v === undefined) return;
      ctx.textAlign = 'left';
      ctx.fillStyle = color;
      ctx.font = `600 ${12 * px}px ${ink('sans')}`;
      ctx.fillText(words, bbox.left + bbox.width + 6 * px, u.valToPos(v, scale, true));
    };
    const est = rows.est.filter((v) => v !== null).at(-1);
    const price = rows.price.filter((v) => v !== null).at(-1);
    label(est, 'y', `${fixed(est ?? 0, 2)} ${unit.name}`, ink('ac'));
    label(price, 'p', int(price ?? 0), ink('t1'));
  }
  ctx.restore();
}
