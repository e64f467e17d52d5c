import { NavLink } from 'react-router';
import type { Bench } from '../../api/types';
import { int } from '../../lib/format';
import { Glyph } from '../../parts/Glyph';
import './bench.css';

const TABS = [['/logistics', 'Next'], ['/logistics/all', 'Shipments'], ['/logistics/import', 'Take machines in']] as const;

/** The head of the logistics pages; at a bench also its papers. */
export function LogisticsTabs({ bench, word, waiting }: { bench?: Bench; word?: string; waiting?: number }) {
  const path = bench ? `/api/v1/shipments/${bench.id}` : '';
  return (
    <header className="page-head">
      <h1>{word ?? 'Logistics'}</h1>
      <nav className="bn-tabs" aria-label="Logistics">
        {TABS.map(([to, name]) => <NavLink key={to} to={to} end className={({ isActive }) => (isActive ? 'bn-tab here' : 'bn-tab')}>{name}</NavLink>)}
      </nav>
      {bench && (
        <div className="actions">
          <span className="t2 sm"><Glyph kind={waiting ? 'hold' : 'done'} size={11} /> {waiting ? `${int(waiting)} on this device` : 'saved'}</span>
          <a className="btn" href={`${path}/packing-list.csv`} download>CSV</a>
          <a className="btn" href={`${path}/packing-list.pdf`} download>Packing list</a>
          <a className="btn" href={`${path}/labels.pdf`} download>Print labels</a>
        </div>
      )}
    </header>
  );
}
