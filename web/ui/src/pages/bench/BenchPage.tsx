import { useCallback, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useMe } from '../../api/queries';
import type { Bench, BenchScan } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { minute, second } from '../../lib/time';
import { Glyph, type GlyphKind } from '../../parts/Glyph';
import { Kbd, Tile } from '../../parts/Parts';
import { Denied, Failed, SkeletonBlock } from '../../parts/States';
import { useNow, usePhone } from '../../parts/useNow';
import { nextStep } from '../shipment';
import { LogisticsTabs } from './LogisticsTabs';
import { LegForm } from './LegForm';
import { Legs } from './Legs';
import { Result } from './Result';
import { ScanField } from './ScanField';
import { done, openBox, inBox, type ScanKind } from './scanning';
import { Differences, Pallet, Shelves } from './Side';
import { Arrive, Discrepancy, Dispatch } from './Steps';
import { useBench, type Shown } from './useBench';
import './bench.css';

const WORK: Record<ScanKind, string> = { pack: 'Pack', receive: 'Receive', return: 'Take back' };

/** One shipment at the bench: packing, receiving or taking back by scan. */
export default function BenchPage() {
  const { shipment = '' } = useParams();
  return <AtBench key={shipment} id={shipment} />;
}

function AtBench({ id }: { id: string }) {
  const me = useMe().data;
  const phone = usePhone();
  const navigate = useNavigate();
  const now = useNow();
  const org = me?.org.id ?? '';
  const kindOf = useCallback((b: Bench): ScanKind | null => {
    const k = nextStep(b, org).kind;
    if (k === 'pack' || k === 'receive' || k === 'return') return k;
    return b.state === 'exception' && b.buyer.id === org ? 'receive' : null;
  }, [org]);
  const at = useBench(id, kindOf);
  const [cleared, setCleared] = useState('');
  const b = at.bench;
  const kind = b ? kindOf(b) : null;
  const shownKind: ScanKind = kind ?? (b && ['packing', 'packed'].includes(b.state) ? 'pack' : 'receive');
  usePageTitle(b ? `${kind ? WORK[kind] : 'Shipment'} ${b.number}` : 'Logistics');
  const may = (action: string) => me?.can.includes(action) ?? false;
  if (at.query.isError && !b) return <><LogisticsTabs /><Failed what="The bench was not read" error={at.query.error} onRetry={() => void at.query.refetch()} /></>;
  if (!b) return <><LogisticsTabs /><SkeletonBlock /></>;
  const last = at.shown[0];
  const step = nextStep(b, org);
  const finished = kind !== null && done(at.lines, kind) === b.expected;
  return (
    <article className="bn">
      {!phone && <LogisticsTabs bench={b} word={kind ? WORK[kind] : 'Shipment'} waiting={at.state.waiting.length} />}
      <Waiting count={at.state.waiting.length} since={at.state.stuckSince} halted={at.state.halted} stale={at.query.isError} />
      <div className="bn-body">
        <div className="bn-main">
          {!phone && (
            <p className="bn-what"><b>Shipment {b.number}</b> <span className="t2">{b.seller.name} → {b.buyer.name} · {int(b.expected)} machines{kind === 'pack' && !finished ? ` · box ${String(openBox(at.lines, b.box_size)).padStart(2, '0')}` : ''}</span></p>
          )}
          {kind && (may('shipments.scan') ? (
            <ScanField onScan={at.scan} onUndo={at.undo} onClear={() => setCleared(last?.at ?? '')} onBack={() => void navigate('/logistics/all')} />
          ) : <Denied needs="scans need the logistics or owner role" />)}
          {phone && <Progress n={done(at.lines, shownKind)} of={b.expected} word={shownKind === 'pack' ? 'packed' : 'received'} box={openBox(at.lines, b.box_size)} inOpen={inBox(at.lines, openBox(at.lines, b.box_size))} size={b.box_size} pack={shownKind === 'pack'} />}
          {(!kind || finished) && <p className="bn-next m" role="status">{finished && at.state.waiting.length > 0 ? 'All scanned; the last scans are being sent.' : step.words}</p>}
          {step.kind === 'dispatch' && (may('shipments.move') ? <Dispatch s={b} /> : <Denied needs="dispatch needs the logistics or owner role" />)}
          {step.kind === 'arrive' && (may('shipments.move') ? <Arrive s={b} /> : <Denied needs="arrivals need the logistics or owner role" />)}
          {last && cleared !== last.at && kind && <Result shown={last} bench={b} kind={kind} onClear={() => setCleared(last.at)} />}
          <Scans bench={b} shown={at.shown} waiting={new Set(at.state.waiting.map((q) => q.serial))} onUndo={at.undo} kind={shownKind} />
          {!phone && <Legs bench={b} now={now} />}
          {!phone && may('shipments.move') && (b.seller.id === org || b.buyer.id === org) && <LegForm bench={b} />}
        </div>
        <aside className="bn-side" aria-label="The shipment">
          <Pallet bench={b} lines={at.lines} kind={shownKind} now={now} />
          {shownKind === 'pack' ? <Shelves bench={b} lines={at.lines} /> : <Differences bench={b} lines={at.lines} />}
          {kind === 'receive' && may('shipments.move') && b.state === 'arrived' && <div className="bn-note"><Discrepancy s={b} /></div>}
          {phone && <Legs bench={b} now={now} />}
        </aside>
      </div>
    </article>
  );
}

/** Scans that wait, and since when: the device keeps them. */
function Waiting({ count, since, halted, stale }: { count: number; since: number | null; halted: string; stale: boolean }) {
  if (count === 0 && !stale) return null;
  if (since === null && !stale) return null;
  return (
    <div className="strip strip-flush" role="status">
      <Glyph kind="hold" size={12} /> <span className="m">{halted ? `${int(count)} scans wait here` : `No network, ${int(count)} ${count === 1 ? 'scan waits' : 'scans wait'} on this device`}</span>
      <span className="t2">{halted || 'sent once, in order, when it is back'}</span>
      {since !== null && <span className="t2 bn-since">since {minute(since)}</span>}
    </div>
  );
}

function Progress({ n, of, word, box, inOpen, size, pack }: { n: number; of: number; word: string; box: number; inOpen: number; size: number; pack: boolean }) {
  return (
    <div className="bn-progress">
      <p><span className="m">{int(n)} of {int(of)} {word}</span>{pack && <span className="t2">box {String(box).padStart(2, '0')}, {inOpen} of {size}</span>}</p>
      <div className="bn-meter" role="progressbar" aria-valuenow={n} aria-valuemax={of} aria-label={word}><i style={{ width: `${(n / Math.max(1, of)) * 100}%` }} /></div>
    </div>
  );
}

interface ScanRow {
  key: string;
  at: string;
  serial: string;
  glyph: GlyphKind;
  words: string;
}

/** Scans of this device first, then those the server knows of others. */
function rows(b: Bench, shown: readonly Shown[], waiting: ReadonlySet<string>): ScanRow[] {
  const mine = shown.map((s): ScanRow => {
    const v = s.verdict;
    const sent = waiting.has(v.serial) ? ', waits to be sent' : '';
    const box = 'box' in v && v.box ? `Box ${String(v.box).padStart(2, '0')}` : 'Counted';
    if (s.undone) return { key: s.at + v.serial, at: s.at, serial: v.serial, glyph: 'off', words: `Taken out of ${box.toLowerCase()}${sent}` };
    if (s.refused && v.kind !== 'wrong') return { key: s.at + v.serial, at: s.at, serial: v.serial, glyph: 'wrong', words: s.refused };
    const words = { right: `${box}${v.kind === 'right' && v.inBox ? `, ${v.inBox} of ${b.box_size}` : ''}${sent}`, again: 'Scanned twice, kept once', wrong: 'Not in this shipment', unreadable: 'No serial' }[v.kind];
    return { key: s.at + v.serial, at: s.at, serial: v.serial.slice(0, 32), glyph: v.kind === 'right' ? 'done' : v.kind === 'again' ? 'look' : 'wrong', words };
  });
  const told = new Set(mine.map((r) => `${r.serial}/${Math.floor(Date.parse(r.at) / 1000)}`));
  const others = b.scans.filter((s) => !told.has(`${s.serial}/${Math.floor(Date.parse(s.device_at ?? s.at) / 1000)}`)).map((s): ScanRow => ({
    key: s.id, at: s.device_at ?? s.at, serial: s.serial, glyph: OUTCOMES[s.outcome][0], words: OUTCOMES[s.outcome][1] + boxOf(b, s),
  }));
  return [...mine, ...others].sort((x, y) => Date.parse(y.at) - Date.parse(x.at)).slice(0, 60);
}

const OUTCOMES: Record<BenchScan['outcome'], [GlyphKind, string]> = {
  counted: ['done', 'Counted'], repeated: ['look', 'Scanned twice, kept once'], wrong: ['wrong', 'Not in this shipment'], undone: ['off', 'Taken out again'],
};

function boxOf(b: Bench, s: BenchScan): string {
  const box = b.lines.find((l) => l.serial === s.serial)?.box;
  return s.outcome === 'counted' && s.kind === 'pack' && box ? `, box ${String(box).padStart(2, '0')}` : '';
}

function Scans({ bench, shown, waiting, onUndo, kind }: { bench: Bench; shown: readonly Shown[]; waiting: ReadonlySet<string>; onUndo: () => void; kind: ScanKind }) {
  const all = rows(bench, shown, waiting);
  const can = kind === 'pack' && ['packing', 'packed'].includes(bench.state);
  return (
    <Tile title="Last scans" aside={can && <button type="button" className="btn btn-sm" onClick={onUndo}>Undo last <Kbd>⌫</Kbd></button>} className="bn-scans">
      {all.length === 0 ? <p className="bn-note t2">No scan yet.</p> : (
        <div className="scroll-y">
          <table className="grid ruled" aria-label="Last scans">
            <tbody>
              {all.map((r) => (
                <tr key={r.key}>
                  <td className="t2 bn-time">{second(r.at)}</td><td className="mono">{r.serial}</td>
                  <td><Glyph kind={r.glyph} size={11} /> {r.words}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Tile>
  );
}
