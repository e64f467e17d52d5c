import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { unitsQuery } from '../../api/queries';
import type { Unit } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, int } from '../../lib/format';
import { useHotkeys } from '../../lib/hotkeys';
import { Glyph, type GlyphKind } from '../../parts/Glyph';
import { Kbd } from '../../parts/Parts';
import { Empty, Failed, SkeletonRows } from '../../parts/States';
import { usePhone } from '../../parts/useNow';
import { FleetTabs } from './FleetTabs';
import '../list.css';

const STATES: Record<string, [GlyphKind, string]> = {
  available: ['todo', 'Available'],
  listed: ['live', 'For sale'],
  sold: ['live', 'Sold'],
  packed: ['live', 'Packed'],
  in_transit: ['live', 'In transit'],
  arrived: ['look', 'At the door'],
  received: ['done', 'Received'],
  returning: ['look', 'Coming back'],
};

/** Every machine this organisation may know; Enter opens its life line. */
export default function UnitsPage() {
  usePageTitle('Machines on the books');
  const phone = usePhone();
  const [text, setText] = useState('');
  const q = useDeferredValue(text.trim());
  const units = useQuery({ ...unitsQuery(q), placeholderData: (old) => old });
  const [at, setAt] = useState(0);
  const navigate = useNavigate();
  const filter = useRef<HTMLInputElement>(null);
  const rows = (units.data ?? []).slice(0, 500);
  const open = (u: Unit | undefined) => u && void navigate(`/units/${u.id}`);
  useHotkeys({
    f: () => filter.current?.focus(),
    j: () => setAt((i) => Math.min(rows.length - 1, i + 1)),
    k: () => setAt((i) => Math.max(0, i - 1)),
    Enter: () => open(rows[at]),
  });
  return (
    <article>
      <header className="page-head">
        {!phone && <h1>Fleet</h1>}
        <FleetTabs />
        <label className="filter">
          <span className="sr">Filter by serial or MAC</span>
          <input ref={filter} value={text} onChange={(ev) => setText(ev.currentTarget.value)} placeholder="Part of a serial or MAC" spellCheck={false} />
          {!phone && <Kbd>f</Kbd>}
        </label>
        <span className="about">{units.data && `${int(rows.length)} ${rows.length === 1 ? 'machine' : 'machines'}`}</span>
      </header>
      {units.isError && <Failed what="Machines not read" error={units.error} onRetry={() => void units.refetch()} />}
      {units.data && rows.length === 0 && (q === ''
        ? <Empty title="No machines yet">The agent at your site finds machines by itself and files each by its serial.</Empty>
        : <Empty action={<button type="button" className="btn" onClick={() => setText('')}>Clear filter</button>}>0 machines with “{q}” in serial or MAC.</Empty>)}
      {(units.isPending || rows.length > 0) && (
        <table className="grid ruled" aria-label="Machines">
          <thead>
            <tr>
              <th>Serial</th><th>State</th>{!phone && <><th>Model</th><th>Owner</th><th>In hand</th><th>Site</th></>}
              <th className="num">Nominal TH/s</th>
            </tr>
          </thead>
          <tbody>
            {units.isPending && <SkeletonRows rows={8} columns={phone ? [130, 80, 40] : [130, 80, 120, 80, 80, 80, 40]} />}
            {rows.map((u, i) => <Row key={u.id} u={u} selected={i === at} phone={phone} onSelect={() => setAt(i)} />)}
          </tbody>
        </table>
      )}
    </article>
  );
}

function Row({ u, selected, phone, onSelect }: { u: Unit; selected: boolean; phone: boolean; onSelect: () => void }) {
  const [kind, words] = STATES[u.state] ?? ['todo', u.state];
  return (
    <tr aria-selected={selected && !phone} onClick={onSelect}>
      <td><Link className="mono" to={`/units/${u.id}`}>{u.serial}</Link></td>
      <td><Glyph kind={kind} size={10} /> {words}</td>
      {!phone && (
        <>
          <td>{u.model}</td><td className="t2">{u.owner.name}</td>
          <td className="t2">{u.custodian?.name ?? u.carrier ?? 'nobody named'}</td><td className="t2">{u.site?.name ?? 'no site'}</td>
        </>
      )}
      <td className="num">{fixed(u.nominal_ths, 1)}</td>
    </tr>
  );
}
