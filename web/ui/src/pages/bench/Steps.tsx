import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/client';
import type { Shipment } from '../../api/types';
import { Failed } from '../../parts/States';

function useAfter() {
  const client = useQueryClient();
  return () => {
    for (const k of ['shipments', 'units', 'trades']) void client.invalidateQueries({ queryKey: [k] });
  };
}

/** The packed shipment is handed to a carrier. */
export function Dispatch({ s }: { s: Shipment }) {
  const [carrier, setCarrier] = useState('');
  const [tracking, setTracking] = useState('');
  const onSettled = useAfter();
  const send = useMutation({
    mutationFn: () => call<Shipment>('POST', `/shipments/${s.id}/dispatch`, { body: { carrier: carrier.trim(), tracking: tracking.trim() } }),
    onSettled,
  });
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    send.mutate();
  };
  return (
    <form className="bn-form" onSubmit={submit}>
      <label>Carrier <input className="input" required maxLength={80} value={carrier} onChange={(ev) => setCarrier(ev.currentTarget.value)} /></label>
      <label>Tracking number <input className="input" required maxLength={80} value={tracking} onChange={(ev) => setTracking(ev.currentTarget.value)} /></label>
      <button type="submit" className="btn btn-primary" disabled={send.isPending}>Dispatch</button>
      {send.isError && <Failed what="Not dispatched" error={send.error} kept="Custody is where it was." />}
    </form>
  );
}

/** The shipment is at the buyer's door. */
export function Arrive({ s }: { s: Shipment }) {
  const onSettled = useAfter();
  const arrive = useMutation({ mutationFn: () => call<Shipment>('POST', `/shipments/${s.id}/arrive`), onSettled });
  return (
    <div className="bn-form">
      <p className="t2">{s.carrier}, {s.tracking}</p>
      <button type="button" className="btn btn-primary" disabled={arrive.isPending} onClick={() => arrive.mutate()}>It is at the dock</button>
      {arrive.isError && <Failed what="Not recorded" error={arrive.error} />}
    </div>
  );
}

/** Short, damaged, held: what is missing keeps the shipment open, and the held payout held. */
export function Discrepancy({ s }: { s: Shipment }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const onSettled = useAfter();
  const stop = useMutation({
    mutationFn: () => call<Shipment>('POST', `/shipments/${s.id}/exception`, { body: { reason: reason.trim() } }),
    onSuccess: () => setOpen(false),
    onSettled,
  });
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    stop.mutate();
  };
  if (!open) return <button type="button" className="btn" onClick={() => setOpen(true)}>Report a discrepancy</button>;
  return (
    <form className="bn-form bn-inline" onSubmit={submit}>
      <label>What is wrong <input className="input" autoFocus required maxLength={80} placeholder="short by one, box 03 crushed" value={reason} onChange={(ev) => setReason(ev.currentTarget.value)} /></label>
      <button type="submit" className="btn btn-bad" disabled={stop.isPending}>Report</button>
      <button type="button" className="btn" onClick={() => setOpen(false)}>Not now</button>
      {stop.isError && <Failed what="Not reported" error={stop.error} />}
    </form>
  );
}
