import { useMantineColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { day, dayMinute, minute, span } from '../../lib/time';
import { rangeOf, spread, type Estimate } from './chartmath';

export interface ChartData {
  estimates: readonly Estimate[];
  /** Single buckets, drawn as dots. */
  dots: readonly { t: number; ths: number }[];
  reported: readonly { t: number; ths: number }[];
  sold: number | null;
  /** Before a sale the line is what the maker promises. */
  soldIs: 'sold' | 'nominal';
  floor: number | null;
  /** Unix seconds. `to` is null while the proof runs. */
  proof: { from: number; to: number | null; passed: boolean } | null;
  releasedAt: number | null;
  now: number;
}

interface Ink {
  t1: string; t2: string; t3: string; ac: string; acl: string; acb: string; bad: string; ln: string; s1: string; sans: string;
}

/** Pool-verified hashrate with its band, against what was sold. */
export function HashChart({ data, phone }: { data: ChartData; phone: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const { colorScheme } = useMantineColorScheme();
  useEffect(() => {
    const el = box.current;
    if (!el) return;
    const ink = readInk(el);
    const plot = new uPlot(options(data, ink, phone, el.clientWidth, el.clientHeight), align(data), el);
    const watch = new ResizeObserver(() => plot.setSize({ width: el.clientWidth, height: el.clientHeight }));
    watch.observe(el);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [data, phone, colorScheme]);
  return <div ref={box} className="chart" role="img" aria-label={describe(data)} />;
}

function describe(d: ChartData): string {
  const last = d.estimates.at(-1);
  if (!last) return 'No accepted shares yet.';
  const sold = d.sold === null ? '' : `, ${d.soldIs} ${d.sold.toFixed(1)} TH/s`;
  return `Pool-verified ${last.ths.toFixed(1)} TH/s, 95 % interval ${last.lower.toFixed(1)} to ${last.upper.toFixed(1)}${sold}.`;
}

function readInk(el: Element): Ink {
  const css = getComputedStyle(el);
  const v = (name: string) => css.getPropertyValue(`--${name}`).trim();
  return {
    t1: v('t1'), t2: v('t2'), t3: v('t3'), ac: v('ac'), acl: v('acl'), acb: v('acb'), bad: v('bad'), ln: v('ln'),
    s1: v('s1'), sans: v('sans'),
  };
}

/** Joins series with different instants on one axis; gaps stay null. */
function align(d: ChartData): uPlot.AlignedData {
  const xs = new Set<number>([...d.estimates, ...d.dots, ...d.reported].map((p) => p.t));
  const x = [...xs].sort((a, b) => a - b);
  const at = <T extends { t: number }>(list: readonly T[], pick: (p: T) => number) => {
    const m = new Map(list.map((p) => [p.t, pick(p)]));
    return x.map((t) => m.get(t) ?? null);
  };
  return [
    x,
    at(d.estimates, (p) => p.upper),
    at(d.estimates, (p) => p.lower),
    at(d.reported, (p) => p.ths),
    at(d.dots, (p) => p.ths),
    at(d.estimates, (p) => p.ths),
  ];
}

function options(d: ChartData, ink: Ink, phone: boolean, width: number, height: number): uPlot.Options {
  const [lo, hi] = rangeOf(
    [...d.estimates.flatMap((e) => [e.ths, e.lower, e.upper]), ...d.reported.map((r) => r.ths)], d.sold, d.floor,
  );
  const from = Math.min(d.estimates[0]?.t ?? d.now, d.proof?.from ?? d.now, d.reported[0]?.t ?? d.now);
  const font = `${phone ? 12 : 11}px ${ink.sans}`;
  const axis = { stroke: ink.t2, font, ticks: { show: false } };
  return {
    width, height, legend: { show: false }, cursor: { show: false }, padding: [16, phone ? 12 : 104, 0, 0],
    scales: { x: { time: true, range: [from, Math.max(d.now, from + 60)] }, y: { range: [lo, hi] } },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: phone ? 70 : 110, incrs: INCRS, values: (_u, ticks) => ticks.map(tickOf(d.now - from, phone)) },
      { ...axis, grid: { stroke: ink.ln, width: 1 }, size: 44, space: 48 },
    ],
    series: [
      {},
      { stroke: 'transparent', spanGaps: true, points: { show: false } },
      { stroke: 'transparent', spanGaps: true, points: { show: false } },
      { stroke: ink.t2, width: 1, dash: [1, 3], spanGaps: true, points: { show: false } },
      { stroke: 'transparent', alpha: 0.6, points: { show: true, size: 2.6, fill: ink.ac, stroke: ink.ac, width: 0 } },
      { stroke: ink.ac, width: 2, spanGaps: true, points: { show: false } },
    ],
    bands: [{ series: [1, 2], fill: ink.acl }],
    hooks: { drawClear: [(u) => under(u, d, ink)], draw: [(u) => over(u, d, ink, phone)] },
  };
}

/** Steps of the time axis, seconds. */
const INCRS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000];

const tickOf = (life: number, phone: boolean) => (t: number) =>
  life < 2 * 86_400 ? (t % 86_400 === 0 ? `${day(t * 1000)} 00:00` : minute(t * 1000)) : phone ? day(t * 1000) : dayMinute(t * 1000);

/** The washed proof window, below everything. */
function under(u: uPlot, d: ChartData, ink: Ink) {
  if (!d.proof) return;
  const x0 = u.valToPos(d.proof.from, 'x', true);
  const x1 = u.valToPos(d.proof.to ?? d.now, 'x', true);
  u.ctx.fillStyle = ink.acb;
  u.ctx.globalAlpha = 0.5;
  u.ctx.fillRect(x0, u.bbox.top, x1 - x0, u.bbox.height);
  u.ctx.globalAlpha = 1;
}

function over(u: uPlot, d: ChartData, ink: Ink, phone: boolean) {
  const { ctx } = u;
  const px = devicePixelRatio;
  ctx.save();
  ctx.font = `${(phone ? 13 : 12) * px}px ${ink.sans}`;
  // uPlot leaves its own alignment behind.
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  if (d.sold !== null) rule(u, d.sold, ink.t1, []);
  if (d.floor !== null) rule(u, d.floor, ink.bad, [6, 4]);
  if (d.proof) drawProof(u, d, ink, phone);
  if (!phone) drawLabels(u, d, ink);
  ctx.restore();
}

function rule(u: uPlot, value: number, color: string, dash: number[]) {
  const px = devicePixelRatio;
  const y = u.valToPos(value, 'y', true);
  u.ctx.beginPath();
  u.ctx.setLineDash(dash.map((n) => n * px));
  u.ctx.strokeStyle = color;
  u.ctx.lineWidth = 1.4 * px;
  u.ctx.moveTo(u.bbox.left, y);
  u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
  u.ctx.stroke();
  u.ctx.setLineDash([]);
}

function drawProof(u: uPlot, d: ChartData, ink: Ink, phone: boolean) {
  const p = d.proof;
  if (!p) return;
  const { ctx } = u;
  const px = devicePixelRatio;
  const top = u.bbox.top + 10 * px;
  const end = p.to ?? d.now;
  const x = u.valToPos(end, 'x', true);
  ctx.fillStyle = ink.ac;
  if (p.to === null) {
    ctx.fillText(`Proving, ${span(d.now - p.from)}`, u.valToPos(p.from, 'x', true) + 8 * px, top);
    return;
  }
  ctx.strokeStyle = ink.ac;
  ctx.lineWidth = 1.2 * px;
  line(ctx, x, u.bbox.top, x, u.bbox.top + u.bbox.height);
  const title = phone ? (p.passed ? 'Proven' : 'Not proven') : `Proof window ${span(p.to - p.from)}`;
  const room = x - u.bbox.left > ctx.measureText(title).width + 12 * px;
  ctx.textAlign = room ? 'right' : 'left';
  ctx.fillText(title, x + (room ? -7 : 7) * px, top);
  ctx.textAlign = 'left';
  if (phone) return;
  const words = `${p.passed ? 'Proven' : 'Not proven'} ${dayMinute(p.to * 1000)}`
    + (d.releasedAt === null ? '' : ` · released ${minute(d.releasedAt * 1000)}`);
  ctx.fillStyle = ink.t2;
  beside(u, words, x, top + 18 * px * (room ? Number(!fits(u, words, x)) : 1));
  if (p.passed && d.floor !== null) drawClearing(u, p.from, p.to, d.floor, ink);
}

/** Where the lower bound cleared the floor: the moment the proof was decided. */
function drawClearing(u: uPlot, from: number, to: number, floor: number, ink: Ink) {
  const { ctx } = u;
  const px = devicePixelRatio;
  const x = u.valToPos(to, 'x', true);
  const y = u.valToPos(floor, 'y', true);
  const low = Math.min(y + 76 * px, u.bbox.top + u.bbox.height - 20 * px);
  ctx.strokeStyle = ink.ac;
  line(ctx, x, y, x, low);
  ctx.beginPath();
  ctx.arc(x, y, 4 * px, 0, 2 * Math.PI);
  ctx.fillStyle = ink.s1;
  ctx.fill();
  ctx.lineWidth = 1.6 * px;
  ctx.stroke();
  ctx.fillStyle = ink.t1;
  beside(u, '95 % lower bound clears', x, low - 16 * px);
  beside(u, `the floor in ${span(to - from)}`, x, low);
}

/** Whether a text right of x stays within the plot. */
function fits(u: uPlot, text: string, x: number): boolean {
  return x + u.ctx.measureText(text).width + 8 * devicePixelRatio < u.bbox.left + u.bbox.width;
}

/** Writes right of x, or left of it where the plot ends. */
function beside(u: uPlot, text: string, x: number, y: number) {
  const right = fits(u, text, x);
  u.ctx.textAlign = right ? 'left' : 'right';
  u.ctx.fillText(text, x + (right ? 8 : -8) * devicePixelRatio, y);
  u.ctx.textAlign = 'left';
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

function drawLabels(u: uPlot, d: ChartData, ink: Ink) {
  const px = devicePixelRatio;
  const last = d.estimates.at(-1);
  const reported = d.reported.at(-1);
  const marks = [
    reported && { v: reported.ths, text: `reported ${reported.ths.toFixed(1)}`, color: ink.t2, weight: 400 },
    d.sold !== null && { v: d.sold, text: `${d.soldIs} ${d.sold.toFixed(1)}`, color: ink.t1, weight: 600 },
    last && { v: last.ths, text: `pool ${last.ths.toFixed(1)}`, color: ink.ac, weight: 500 },
    d.floor !== null && { v: d.floor, text: `floor ${d.floor.toFixed(1)}`, color: ink.bad, weight: 400 },
  ].filter((m) => m !== undefined && m !== false);
  const top = u.bbox.top;
  const bottom = top + u.bbox.height;
  const placed = marks.map((m) => ({ ...m, y: Math.min(bottom, Math.max(top, u.valToPos(m.v, 'y', true))) }));
  for (const m of spread(placed, 15 * px)) {
    u.ctx.font = `${m.weight} ${12 * px}px ${ink.sans}`;
    u.ctx.fillStyle = m.color;
    u.ctx.fillText(m.text, u.bbox.left + u.bbox.width + 9 * px, m.y);
  }
}
