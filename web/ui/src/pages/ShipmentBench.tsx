import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SyntheticEvent } from 'react';
import { Link } from 'react-router';
import { call } from '../api/client';
import { useMe } from '../api/queries';
import type { Scan, Shipment } from '../api/types';
import { int } from '../lib/format';
import { dayMinute } from '../lib/time';
import { Glyph } from '../parts/Glyph';
import { Denied, Failed } from '../parts/States';
import { nextStep } from './shipment';

/** The bench of one shipment: a field that is always ready for the scanner. */
export function ShipmentBench({ s }: { s: Shipment }) {
  const me = useMe().data;
  const step = nextStep(s, me?.org.id ?? '');
  const may = (action: string) => me?.can.includes(action) ?? false;
  return (
    <div className="bench">
      <p className="bench-next m">{step.words}</p>
      {(step.kind === 'pack' || step.kind === 'receive' || step.kind === 'return') && (may('shipments.scan')
        ? <ScanField s={s} kind={step.kind} /> : <Denied needs="scans need the logistics role" />)}
      {step.kind === 'dispatch' && (may('shipments.move') ? <Dispatch s={s} /> : <Denied needs="dispatch needs the logistics role" />)}
      {step.kind === 'arrive' && (may('shipments.move') ? <Arrive s={s} /> : <Denied needs="arrivals need the logistics role" />)}
      <table className="grid ruled" aria-label="Expected machines">
        <thead><tr><th>Serial</th><th>Packed</th><th>Received</th></tr></thead>
        <tbody>
          {s.lines.map((l) => (
            <tr key={l.unit_id}>
              <td><Link className="mono" to={`/units/${l.unit_id}`}>{l.serial}</Link></td>
              <td><Mark at={l.packed_at} /></td><td><Mark at={l.received_at} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Mark({ at }: { at: string | undefined }) {
  return at ? <><Glyph kind="done" size={10} /> <span className="t2">{dayMinute(at)}</span></> : <><Glyph kind="todo" size={10} /> <span className="t3">not yet</span></>;
}

function useAfter() {
  const client = useQueryClient();
  return () => {
    for (const k of ['shipments', 'units', 'trades']) void client.invalidateQueries({ queryKey: [k] });
  };
}

function ScanField({ s, kind }: { s: Shipment; kind: 'pack' | 'receive' | 'return' }) {
  const [text, setText] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const onSettled = useAfter();
  const scan = useMutation({
    mutationFn: (serial: string) => call<Scan>('POST', `/shipments/${s.id}/scans`, { body: { kind, serial } }),
    onSettled,
  });
  useEffect(() => field.current?.focus(), [s.id, kind]);
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    const serial = text.trim();
    setText('');
    if (serial) scan.mutate(serial);
  };
  const done = { pack: s.packed, receive: s.received, return: s.returned }[kind];
  return (
    <>
      <form className="scan" onSubmit={submit}>
        <input
          ref={field} value={text} onChange={(ev) => setText(ev.currentTarget.value)} aria-label="Scan or type a serial"
          placeholder="Scan or type a serial" autoComplete="off" spellCheck={false}
          onBlur={() => setTimeout(() => document.activeElement === document.body && field.current?.focus(), 0)}
        />
        <span className="t2">{int(done)} of {int(s.expected)}</span>
      </form>
      {scan.isSuccess && (
        <div className="strip" role="status">
          <Glyph kind="done" size={12} /> <span className="b mono">{scan.data.serial}</span>
          <span className="t2">{scan.data.outcome === 'repeated' ? 'was scanned before; counted once' : `counted; ${scan.data.remaining} to go`}</span>
        </div>
      )}
      {scan.isError && <Failed what="Not this one" error={scan.error} kept="Nothing was counted." />}
    </>
  );
}

function Dispatch({ s }: { s: Shipment }) {
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
    <form className="bench-form" onSubmit={submit}>
      <label>Carrier <input className="input" required maxLength={80} value={carrier} onChange={(ev) => setCarrier(ev.currentTarget.value)} /></label>
      <label>Tracking number <input className="input" required maxLength={80} value={tracking} onChange={(ev) => setTracking(ev.currentTarget.value)} /></label>
      <button type="submit" className="btn btn-primary" disabled={send.isPending}>Dispatch</button>
      {send.isError && <Failed what="Not dispatched" error={send.error} kept="Custody is where it was." />}
    </form>
  );
}

function Arrive({ s }: { s: Shipment }) {
  const onSettled = useAfter();
  const arrive = useMutation({ mutationFn: () => call<Shipment>('POST', `/shipments/${s.id}/arrive`), onSettled });
  return (
    <div className="bench-form">
      <p className="sm t2">{s.carrier}, {s.tracking}</p>
      <button type="button" className="btn btn-primary" disabled={arrive.isPending} onClick={() => arrive.mutate()}>It is at the dock</button>
      {arrive.isError && <Failed what="Not recorded" error={arrive.error} />}
    </div>
  );
}
