import type { Bench, BenchLine } from '../../api/types';
import { int } from '../../lib/format';
import { minute } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { Tile } from '../../parts/Parts';
import { byShelf, done, inBox, openBox, pace, rangeOf, showSSCC, type ScanKind } from './scanning';

const two = (n: number) => String(n).padStart(2, '0');
const WORD: Record<ScanKind, string> = { pack: 'packed', receive: 'received', return: 'taken back' };

/** The pallet box by box, the one being filled outlined. */
export function Pallet({ bench, lines, kind, now }: { bench: Bench; lines: readonly BenchLine[]; kind: ScanKind; now: number }) {
  const n = done(lines, kind);
  const boxes = Math.max(Math.ceil(bench.expected / bench.box_size), ...lines.map((l) => l.box ?? 0));
  const here = n < bench.expected || kind !== 'pack' ? openBox(lines, bench.box_size) : 0;
  const pallets = bench.sscc.length;
  const pallet = Math.min(pallets, Math.max(1, Math.ceil((here || boxes) / bench.boxes_per_pallet)));
  const from = (pallet - 1) * bench.boxes_per_pallet + 1;
  const speed = pace(lines, kind, now);
  const left = bench.expected - n;
  return (
    <Tile title={`Pallet ${pallet} of ${pallets}`} aside={<span className="mono" title="SSCC, the number on the pallet's label">SSCC {showSSCC(bench.sscc[pallet - 1] ?? '')}</span>}>
      <div className="bn-count">
        <span className="figure-value">{int(n)}</span> <span className="t2">of {int(bench.expected)} {WORD[kind]}</span>
        <span className="t2 bn-pace">
          {speed !== null && left > 0 ? `${speed < 10 ? speed.toFixed(0) : Math.round(speed)} s a scan · done about ${minute(now + left * speed * 1000)}` : left === 0 ? 'all of them' : 'pace known after three scans'}
        </span>
      </div>
      <ol className="bn-boxes" aria-label="Boxes">
        {Array.from({ length: Math.max(0, Math.min(boxes - from + 1, bench.boxes_per_pallet)) }, (_, i) => from + i).map((box) => {
          const has = kind === 'pack' ? inBox(lines, box) : lines.filter((l) => l.box === box && l[kind === 'receive' ? 'received_at' : 'returned_at']).length;
          const room = kind === 'pack' ? bench.box_size : Math.max(1, inBox(lines, box));
          const full = has >= room || (kind === 'pack' && n === bench.expected && has > 0);
          const state = full ? 'full' : kind === 'pack' && box === here ? 'here' : has > 0 ? 'some' : 'none';
          return (
            <li key={box} className={`bn-box bn-box-${state}`}>
              <span>{two(box)} {full && <Glyph kind="done" size={11} />}{state === 'here' && <Glyph kind="live" size={11} />}</span>
              <span className="bn-slots" role="img" aria-label={`${has} of ${room}`}>
                {Array.from({ length: Math.min(room, 12) }, (_, s) => <i key={s} className={s < has ? 'on' : ''} />)}
              </span>
            </li>
          );
        })}
      </ol>
    </Tile>
  );
}

/** What is left, where one walks. */
export function Shelves({ bench, lines }: { bench: Bench; lines: readonly BenchLine[] }) {
  const groups = byShelf(lines, bench.shelves);
  const left = groups.reduce((n, g) => n + g.serials.length, 0);
  return (
    <Tile title="Still on the shelf" aside={left > 0 ? `${int(left)}, by walking order` : ''} className="bn-shelves">
      {left === 0 ? <p className="bn-note t2">Nothing is left to pack.</p> : (
        <table className="grid" aria-label="Still on the shelf">
          <tbody>
            {groups.map((g) => (
              <tr key={g.shelf}>
                <td className={g.shelf ? 'm' : 't2'}>{g.shelf || 'no shelf given'}</td>
                <td className="mono sm t2">{rangeOf(g.serials)}</td>
                <td className="num">{int(g.serials.length)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Tile>
  );
}

/** What was expected and did not come, and what came and was not expected. */
export function Differences({ bench, lines }: { bench: Bench; lines: readonly BenchLine[] }) {
  const missing = lines.filter((l) => !l.received_at);
  const strays = [...new Set(bench.scans.filter((s) => s.kind === 'receive' && s.outcome === 'wrong').map((s) => s.serial))];
  return (
    <Tile title="Still expected" aside={missing.length > 0 ? int(missing.length) : ''} className="bn-shelves">
      {missing.length === 0 ? <p className="bn-note t2">Every serial was received.</p> : (
        <>
          <p className="bn-note t2 sm">A missing machine keeps this shipment open: nothing is proven and the held payout stays held.</p>
          <table className="grid" aria-label="Still expected">
            <tbody>
              {missing.slice(0, 200).map((l) => (
                <tr key={l.unit_id}><td className="mono">{l.serial}</td><td className="t2 num">{l.box ? `box ${two(l.box)}` : ''}</td></tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      {strays.length > 0 && <p className="bn-note"><Glyph kind="wrong" size={11} /> Not of this shipment: <span className="mono">{strays.join(', ')}</span></p>}
    </Tile>
  );
}
