import type { FleetBoard, Miner } from '../../api/types';
import { fixed, int } from '../../lib/format';
import { Glyph } from '../../parts/Glyph';
import { Empty } from '../../parts/States';
import { chipsOf, heatOf } from './chips';

/** Each board with its chips: a dead chip is crossed, the row is as hot as the
 *  board's hottest chip. Chips that are not told one by one are not drawn. */
export function Boards({ boards, reading }: { boards: Miner['boards']; reading: Miner['reading'] }) {
  if (boards.length === 0) return <Empty>The boards were not read yet.</Empty>;
  return (
    <>
      <ul className="mn-boards">{[...boards].sort((a, b) => a.slot - b.slot).map((b) => <Board key={b.slot} b={b} />)}</ul>
      {reading?.fans_rpm && reading.fans_rpm.length > 0 && (
        <p className="mn-fans sm t2">Fans <span className="m t1">{reading.fans_rpm.map((f) => int(f)).join(' · ')}</span> rpm</p>
      )}
    </>
  );
}

function Board({ b }: { b: FleetBoard }) {
  const chips = chipsOf(b.chip_map ?? '');
  const dead = chips.filter((c) => !c).length;
  const temps = [...(b.temps_chip_c ?? []), ...(b.temps_board_c ?? [])];
  const hottest = temps.length > 0 ? Math.max(...temps) : undefined;
  const off = b.chips === 0 || b.ths === 0;
  return (
    <li className="mn-board">
      <div className="mn-board-says">
        <div className="fl-alert-head"><span className="b">Board {b.slot + 1}</span>
          <span><Glyph kind={off ? 'wrong' : dead > 0 ? 'look' : 'done'} size={11} label={off ? 'hashes nothing' : dead > 0 ? 'chips missing' : 'all well'} /> {chips.length > 0 ? `${chips.length - dead} of ${chips.length}` : b.chips !== undefined ? `${b.chips} chips` : 'chips not told'}</span>
        </div>
        <div className="fl-alert-head"><span className="mono sm t2">{b.serial ?? 'no serial told'}</span><span className="m">{b.ths === undefined ? <span className="t2">rate not told</span> : `${fixed(b.ths, 1)} TH/s`}</span></div>
        <div className="fl-alert-head sm t2"><span>{hottest === undefined ? 'no temperatures' : `${fixed(Math.min(...temps), 0)}–${fixed(hottest, 0)} °C`}</span><span>{b.hardware_errors === undefined ? 'errors not told' : `${int(b.hardware_errors)} errors`}</span></div>
      </div>
      {chips.length > 0
        ? (
          <div className="mn-chips" role="img" aria-label={`${chips.length - dead} of ${chips.length} chips answer`} style={{ gridTemplateColumns: `repeat(${Math.ceil(chips.length / (chips.length > 60 ? 4 : 2))}, minmax(0, 1fr))` }}>
            {chips.map((ok, i) => <i key={i} className={ok ? undefined : 'dead'} style={ok ? { background: `var(--${heatOf(hottest)})` } : undefined} title={`chip ${i + 1}${ok ? '' : ', no answer'}`} />)}
          </div>
        )
        : <p className="t2 mn-chips-none">This firmware does not tell its chips one by one.</p>}
    </li>
  );
}
