import type { Bench } from '../../api/types';
import { int } from '../../lib/format';
import { Glyph } from '../../parts/Glyph';
import { Tabs } from '../../parts/Tabs';
import './bench.css';

const TABS = [{ to: '/logistics', name: 'Next', end: true }, { to: '/logistics/all', name: 'Shipments' }, { to: '/logistics/import', name: 'Take machines in' }];

/** The head of the logistics pages; at a bench also its papers. */
export function LogisticsTabs({ bench, word, waiting }: { bench?: Bench; word?: string; waiting?: number }) {
  const path = bench ? `/api/v1/shipments/${bench.id}` : '';
  return (
    <header className="page-head">
      <h1>{word ?? 'Logistics'}</h1>
      <Tabs label="Logistics" tabs={TABS} />
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
