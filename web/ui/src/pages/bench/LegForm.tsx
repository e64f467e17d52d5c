import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/client';
import type { Bench, Leg } from '../../api/types';
import { Failed } from '../../parts/States';

const KINDS = ['road', 'air', 'sea', 'rail', 'customs'] as const;

/** "2026-11-22T14:30" of a field, taken as UTC. */
const instant = (v: string) => (v ? new Date(`${v}:00Z`).toISOString() : undefined);

/** The next thing that can happen on the way: a leg begins, ends, or is added. */
export function LegForm({ bench }: { bench: Bench }) {
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [leg, setLeg] = useState({ kind: 'road' as Leg['kind'], name: '', carrier: '', from: '', to: '' });
  const put = useMutation({
    mutationFn: (legs: Leg[]) => call<Bench>('PUT', `/shipments/${bench.id}/legs`, { body: { legs } }),
    onSuccess: () => setOpen(false),
    onSettled: () => void client.invalidateQueries({ queryKey: ['shipments'] }),
  });
  const now = () => new Date().toISOString();
  const at = bench.legs.findIndex((l) => !l.actual_to);
  const next = bench.legs[at];
  const change = (part: Partial<Leg>) => put.mutate(bench.legs.map((l, i) => (i === at ? { ...l, ...part } : l)));
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    const from = instant(leg.from);
    const to = instant(leg.to);
    put.mutate([...bench.legs, { kind: leg.kind, name: leg.name.trim(), carrier: leg.carrier.trim(), ...(from && { planned_from: from }), ...(to && { planned_to: to }) }]);
  };
  return (
    <div className="bn-note bn-leg-form">
      {!open && (
        <>
          {next && !next.actual_from && <button type="button" className="btn btn-sm" disabled={put.isPending} onClick={() => change({ actual_from: now() })}>{next.name}: begins now</button>}
          {next?.actual_from && <button type="button" className="btn btn-sm" disabled={put.isPending} onClick={() => change({ actual_to: now() })}>{next.name}: ends now</button>}
          <button type="button" className="btn btn-sm btn-quiet" onClick={() => setOpen(true)}>Add a leg</button>
        </>
      )}
      {open && (
        <form onSubmit={submit}>
          <label className="sm t2">Kind <select className="input" value={leg.kind} onChange={(ev) => setLeg({ ...leg, kind: ev.currentTarget.value as Leg['kind'] })}>{KINDS.map((k) => <option key={k}>{k}</option>)}</select></label>
          <label className="sm t2">From and to <input className="input" required maxLength={80} placeholder="Air, AMS to ORD" value={leg.name} onChange={(ev) => setLeg({ ...leg, name: ev.currentTarget.value })} /></label>
          <label className="sm t2">Carrier <input className="input" maxLength={80} value={leg.carrier} onChange={(ev) => setLeg({ ...leg, carrier: ev.currentTarget.value })} /></label>
          <label className="sm t2">Planned from, UTC <input className="input" type="datetime-local" value={leg.from} required={leg.to !== ''} onChange={(ev) => setLeg({ ...leg, from: ev.currentTarget.value })} /></label>
          <label className="sm t2">to <input className="input" type="datetime-local" value={leg.to} onChange={(ev) => setLeg({ ...leg, to: ev.currentTarget.value })} /></label>
          <button type="submit" className="btn btn-sm btn-primary" disabled={put.isPending}>Add</button>
          <button type="button" className="btn btn-sm" onClick={() => setOpen(false)}>Not now</button>
        </form>
      )}
      {put.isError && <Failed what="The way was not written" error={put.error} />}
    </div>
  );
}
