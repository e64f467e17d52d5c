import { useQuery } from '@tanstack/react-query';
import { call, query } from '../../api/client';
import type { Page, Shipment, Trade } from '../../api/types';
import { day } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { Tile } from '../../parts/Parts';
import { useMe } from '../../api/queries';
import type { UnitRow } from './units';

/** The papers of a trade: each is made from what is stored when it is asked for. */
export function Documents({ t, rows }: { t: Trade; rows: readonly UnitRow[] }) {
  const may = useMe().data?.can.includes('shipments.read') ?? false;
  const ships = useQuery({
    queryKey: ['shipments', 'of', t.id], enabled: may,
    queryFn: async ({ signal }) => (await call<Page<Shipment>>('GET', `/shipments${query({ trade: t.id })}`, { signal })).items,
  });
  const s = ships.data?.[0];
  return (
    <Tile title="Documents" id="documents" className="trade-papers">
      <ul className="papers">
        <Paper name="Serial manifest" at={t.matched_at} href={`/api/v1/trades/${t.id}/manifest.csv`} state={rows.length === 1 ? '1 line' : `${rows.length} lines`} form="CSV" />
        {s && (
          <>
            <Paper name={`Packing list ${s.number}`} at={s.created_at} href={`/api/v1/shipments/${s.id}/packing-list.pdf`} state={`${s.packed} of ${s.expected} scanned`} form="PDF" />
            <Paper name="Packing list" at={s.created_at} href={`/api/v1/shipments/${s.id}/packing-list.csv`} state={`${s.packed} of ${s.expected} scanned`} form="CSV" />
            <Paper name="Pallet labels, GS1-128" at={s.created_at} href={`/api/v1/shipments/${s.id}/labels.pdf`} state="SSCC" form="PDF" />
          </>
        )}
      </ul>
      {!may && <p className="trade-note sm t2">Packing papers are for the logistics and owner roles.</p>}
      {may && ships.isSuccess && !s && <p className="trade-note sm t2">The packing list comes with the money.</p>}
    </Tile>
  );
}

function Paper({ name, at, href, state, form }: { name: string; at: string; href: string; state: string; form: string }) {
  return (
    <li>
      <a href={href} download>{name} <span className="sm t2">{form}</span></a>
      <span className="sm t2">{day(at)}</span>
      <span className="num"><Glyph kind="done" size={10} /> {state}</span>
    </li>
  );
}
