import { Link } from 'react-router';
import { fixed, percent } from '../../lib/format';
import { Glyph } from '../../parts/Glyph';
import { Tile } from '../../parts/Parts';
import { Failed } from '../../parts/States';
import { usePhone } from '../../parts/useNow';
import { tally, type UnitRow } from './units';

const SHOWN = 60;

/** One glyph a machine, then those to look at with what was measured. */
export function Units({ rows, count, failed }: { rows: readonly UnitRow[]; count: number; failed: unknown }) {
  const phone = usePhone();
  return (
    <Tile
      className="trade-units" title={count === 1 ? '1 machine' : `${count} machines`}
      aside={tally(rows).map((x) => <span key={x.word}><Glyph kind={x.kind} size={10} /> {x.count} {x.word.toLowerCase()}</span>)}
    >
      {failed ? <Failed what="Serials not read" error={failed} /> : null}
      {count > 1 && (
        <ul className="unit-glyphs" aria-label="Machines">
          {rows.map((r) => (
            <li key={r.id}><Link to={`/units/${r.id}`} className={`unit-glyph unit-${r.kind}`} title={`${r.serial} ${r.word}`} aria-label={`${r.serial} ${r.word}`}><Glyph kind={r.kind} size={10} /></Link></li>
          ))}
        </ul>
      )}
      <div className="scroll-x">
        <table className="grid" aria-label="Machines to look at">
          <thead>
            <tr><th>Machine</th><th>State</th>{!phone && <th className="num">Sold TH/s</th>}<th className="num">Pool-verified, 95 %</th>{!phone && <><th className="num">Of sold</th><th>What it means</th></>}<th className="num"><span className="sr">Open</span></th></tr>
          </thead>
          <tbody>
            {rows.slice(0, SHOWN).map((r) => (
              <tr key={r.id}>
                <td className="mono sm">{r.serial || '…'}</td>
                <td><Glyph kind={r.kind} size={10} /> {r.word}</td>
                {!phone && <td className="num">{fixed(r.sold, 1)}</td>}
                <td className="num b">{r.verified ? `${fixed(r.verified.ths, 1)} ±${fixed(r.verified.plusMinus, 1)}` : <span className="t2">no shares yet</span>}</td>
                {!phone && <><td className="num">{r.verified ? <>{percent(r.verified.ofSold)} <span className="t2">%</span></> : ''}</td><td className="t2">{r.meaning}</td></>}
                <td className="num"><Link to={`/units/${r.id}`} aria-label={`Life line of ${r.serial}`}>Life line</Link></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > SHOWN && <p className="trade-note sm t2">The {SHOWN} to look at first of {rows.length}; every machine has its glyph above.</p>}
    </Tile>
  );
}
