import { useMantineColorScheme } from '@mantine/core';
import {
  CandlestickSeries, createChart, HistogramSeries, LineStyle, TickMarkType, type IChartApi, type ISeriesApi, type Time, type UTCTimestamp,
} from 'lightweight-charts';
import { useEffect, useRef } from 'react';
import type { Candle } from '../../api/types';
import { int } from '../../lib/format';
import { day, minute } from '../../lib/time';

interface Chart {
  chart: IChartApi;
  candles: ISeriesApi<'Candlestick'>;
  volume: ISeriesApi<'Histogram'>;
}

const price = (mc: number) => mc / 100_000;
const unix = (t: Time) => (typeof t === 'number' ? t : 0) * 1000;

/** Candles of fills: hollow up, solid down; units below. */
export function PriceChart({ candles, intraday }: { candles: readonly Candle[]; intraday: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const made = useRef<Chart | null>(null);
  const { colorScheme } = useMantineColorScheme();

  useEffect(() => {
    const el = box.current;
    if (!el) return;
    made.current = make(el, intraday);
    return () => {
      made.current?.chart.remove();
      made.current = null;
    };
  }, [colorScheme, intraday]);

  useEffect(() => {
    const c = made.current;
    if (!c) return;
    const rows = [...candles].sort((a, b) => a.at.localeCompare(b.at));
    const time = (t: string) => Math.floor(Date.parse(t) / 1000) as UTCTimestamp;
    c.candles.setData(rows.map((r) => ({
      time: time(r.at), open: price(r.open_mc), high: price(r.high_mc), low: price(r.low_mc), close: price(r.close_mc),
    })));
    c.volume.setData(rows.map((r) => ({ time: time(r.at), value: r.units })));
    if (rows.length > 40) c.chart.timeScale().fitContent();
    else c.chart.timeScale().setVisibleLogicalRange({ from: rows.length - 42, to: rows.length + 2 });
  }, [candles, colorScheme, intraday]);

  const last = candles.at(-1);
  const most = Math.max(0, ...candles.map((c) => c.units));
  return (
    <div className="mk-chart-box">
      <div
        ref={box} className="mk-chart" role="img"
        aria-label={last ? `Candles of ${candles.length} periods, last close $${price(last.close_mc).toFixed(2)} per TH` : 'No fills'}
      />
      <span className="mk-volume xs t2">units, max {int(most)}</span>
    </div>
  );
}

function make(el: HTMLElement, intraday: boolean): Chart {
  const css = getComputedStyle(el);
  const v = (name: string) => css.getPropertyValue(`--${name}`).trim();
  // Where a day begins the axis says which.
  const stamp = (t: Time, kind: TickMarkType) =>
    (intraday && kind > TickMarkType.DayOfMonth ? minute(unix(t)) : day(unix(t)));
  const chart = createChart(el, {
    autoSize: true,
    layout: {
      background: { color: v('s1') }, textColor: v('t2'), fontFamily: v('sans'), fontSize: 11, attributionLogo: false,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: v('ln') } },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.06, bottom: 0.26 } },
    timeScale: { borderVisible: false, timeVisible: intraday, tickMarkFormatter: stamp },
    crosshair: {
      horzLine: { color: v('ln2'), labelBackgroundColor: v('ln2') }, vertLine: { color: v('ln2'), labelBackgroundColor: v('ln2') },
    },
    localization: { timeFormatter: (t: Time) => `${day(unix(t))} ${minute(unix(t))} UTC` },
    handleScale: { axisPressedMouseMove: false },
  });
  const candles = chart.addSeries(CandlestickSeries, {
    upColor: v('s1'), borderUpColor: v('okf'), wickUpColor: v('okf'),
    downColor: v('badf'), borderDownColor: v('badf'), wickDownColor: v('badf'),
    priceLineColor: v('acf'), priceLineStyle: LineStyle.Dashed, priceFormat: { type: 'price', precision: 2, minMove: 0.01 },
  });
  const volume = chart.addSeries(HistogramSeries, {
    color: v('vol'), priceScaleId: 'units', priceFormat: { type: 'volume' }, lastValueVisible: false, priceLineVisible: false,
  });
  chart.priceScale('units').applyOptions({ scaleMargins: { top: 0.84, bottom: 0 }, visible: false });
  return { chart, candles, volume };
}
