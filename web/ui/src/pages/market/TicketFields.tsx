import { useQuery } from '@tanstack/react-query';
import { useId, type Dispatch, type KeyboardEvent, type ReactNode } from 'react';
import { unitsQuery } from '../../api/queries';
import type { Instrument } from '../../api/types';
import { ghsAsTH, int } from '../../lib/format';
import { dayMinute, duration } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { Segments } from '../../parts/Parts';
import { Failed } from '../../parts/States';
import { useNow } from '../../parts/useNow';
import type { Edit, Field, Lack, STP, Ticket, TIF } from './ticket';

// The rows of the ticket. What is wrong stands below the field it is about.

export interface FieldsProps {
  ticket: Ticket;
  change: Dispatch<Edit>;
  instrument: Instrument;
  wrong: Lack | null;
}

/** The message of one field. Nothing typed yet is missing, not wrong. */
function Wrong({ id, wrong, field, blank }: { id?: string; wrong: Lack | null; field: Field; blank?: boolean }) {
  if (wrong?.field !== field) return null;
  return <p id={id} className={`sm ticket-wrong ${blank ? 't2' : 'bad'}`} role={blank ? undefined : 'alert'}>{wrong.says}</p>;
}

export function Typed({ name, label, value, onText, unit, wrong, field, placeholder, decimal, onKey, words }: {
  name: string; label: string; value: string; onText: (text: string) => void; unit?: ReactNode; wrong: Lack | null; field: Field;
  placeholder?: string; decimal?: boolean; onKey?: (ev: KeyboardEvent) => void; words?: boolean;
}) {
  const id = useId();
  const bad = wrong?.field === field && value.trim() !== '';
  return (
    <div>
      <label className="ticket-row">
        <span className="t2">{name}</span>
        <span className="field">
          <input
            inputMode={words ? 'text' : decimal ? 'decimal' : 'numeric'} value={value} placeholder={placeholder} onChange={(ev) => onText(ev.currentTarget.value)}
            onKeyDown={onKey} aria-label={label} autoComplete="off" aria-invalid={bad} aria-describedby={wrong?.field === field ? id : undefined}
          />
          {unit && <span className="sm t2">{unit}</span>}
        </span>
      </label>
      <Wrong id={id} wrong={wrong} field={field} blank={value.trim() === ''} />
    </div>
  );
}

export function SideSwitch({ side, change }: { side: Ticket['side']; change: Dispatch<Edit> }) {
  return (
    <div className="sides" role="group" aria-label="Side">
      <button type="button" className="side seg-ok seg" aria-pressed={side === 'bid'} onClick={() => change({ type: 'side', side: 'bid' })}>
        <Glyph kind="up" size={10} /> Buy
      </button>
      <button type="button" className="side seg-bad seg" aria-pressed={side === 'ask'} onClick={() => change({ type: 'side', side: 'ask' })}>
        <Glyph kind="down" size={10} /> Sell
      </button>
    </div>
  );
}

export function PriceField({ ticket, change, instrument, wrong, from }: FieldsProps & { from: number | null }) {
  const market = ticket.type === 'market';
  const onKey = (ev: KeyboardEvent) => {
    if (ev.key !== 'ArrowUp' && ev.key !== 'ArrowDown') return;
    ev.preventDefault();
    change({ type: 'ticks', n: (ev.key === 'ArrowUp' ? 1 : -1) * (ev.shiftKey ? 10 : 1), tick: instrument.tick_mc, from });
  };
  return (
    <Typed
      name={market ? 'Worst' : 'Price'} label={market ? 'Worst price in dollars per TH, optional' : 'Price in dollars per TH'} decimal
      placeholder={market ? '10 % off' : ''} value={ticket.price} onText={(text) => change({ type: 'price', text })} unit="$/TH" onKey={onKey} wrong={wrong} field="price"
    />
  );
}

export function UnitsField({ ticket, change, instrument, wrong }: FieldsProps) {
  return (
    <Typed
      name="Units" label="Units" value={ticket.units} onText={(text) => change({ type: 'units', text })}
      unit={<>× {ghsAsTH(instrument.nominal_ghs)} TH</>} wrong={wrong} field="units"
    />
  );
}

/** A sell names its serials: they are reserved before the ask rests. */
export function Serials({ ticket, change, instrument, wrong }: FieldsProps) {
  const units = useQuery({ ...unitsQuery(''), retry: false });
  const free = (units.data ?? []).filter((u) => u.model === instrument.model && u.state === 'available');
  return (
    <fieldset className="serials">
      <legend className="t2">Serials to sell, {int(ticket.offered.length)} of {int(free.length)} free</legend>
      {units.isError && <Failed what="Your machines were not read" error={units.error} />}
      {units.data && free.length === 0 && <p className="sm t2">No free {instrument.model} of yours. A listed or moving machine cannot be sold again.</p>}
      <ul>
        {free.map((u) => (
          <li key={u.id}>
            <label>
              <input type="checkbox" checked={ticket.offered.includes(u.id)} onChange={() => change({ type: 'offer', unitId: u.id })} />
              <span className="mono sm">{u.serial}</span>
            </label>
          </li>
        ))}
      </ul>
      <Wrong wrong={wrong} field="offered" blank={ticket.offered.length === 0} />
    </fieldset>
  );
}

const TIFS: readonly { value: TIF; label: string; title: string }[] = [
  { value: 'gtc', label: 'GTC', title: 'Good till cancelled' },
  { value: 'gtd', label: 'GTD', title: 'Good till a date: it ends by itself' },
  { value: 'ioc', label: 'IOC', title: 'Immediate or cancel: what does not fill at once is closed' },
  { value: 'fok', label: 'FOK', title: 'Fill or kill: all at once, or nothing' },
];

export function Stands({ ticket, change, wrong }: Omit<FieldsProps, 'instrument'>) {
  const now = useNow(60_000);
  const market = ticket.type === 'market';
  const end = ticket.untilMs;
  return (
    <div>
      <div className="ticket-row">
        <span className="t2">Stands</span>
        <Segments
          label="Time in force" on={[ticket.tif]} onPick={(tif) => change({ type: 'tif', tif, now: Date.now() })}
          options={TIFS.map((o) => ({ ...o, disabled: market && (o.value === 'gtc' || o.value === 'gtd') }))}
        />
      </div>
      <Wrong wrong={wrong} field="tif" />
      {ticket.tif === 'gtd' && (
        <>
          <Typed
            name="Ends" label="When the order ends: 24 h, 7 d, or year-month-day hour:minute in UTC" words value={ticket.until} placeholder="24 h"
            onText={(text) => change({ type: 'until', text, now: Date.now() })} wrong={wrong} field="until"
          />
          {end !== null && end > now && <p className="sm t2 ticket-wrong">{dayMinute(end)} UTC, in {duration((end - now) / 1000)}</p>}
        </>
      )}
    </div>
  );
}

const STPS: readonly { value: STP; label: string; title: string }[] = [
  { value: 'cancel-newest', label: 'Newest', title: 'Cancels what is left of this order' },
  { value: 'cancel-oldest', label: 'Oldest', title: 'Cancels the resting one, this goes on' },
  { value: 'cancel-both', label: 'Both', title: 'Cancels both orders' },
];

/** What most orders do without. */
export function More({ ticket, change, wrong, id }: Omit<FieldsProps, 'instrument'> & { id: string }) {
  const instant = ticket.type === 'market' || ticket.tif === 'ioc' || ticket.tif === 'fok';
  return (
    <div id={id} className="ticket-more" role="group" aria-label="More about the order">
      <div className="ticket-row">
        <span className="t2">Type</span>
        <Segments
          label="Type" on={[ticket.type]} onPick={(kind) => change({ type: 'kind', kind })}
          options={[{ value: 'limit', label: 'Limit', title: 'Trades at its price or better' }, { value: 'market', label: 'Market', title: 'Takes what is there at once, inside its worst price' }]}
        />
      </div>
      <div className="ticket-checks">
        <label title="Refused when its price meets an order that rests"><input type="checkbox" checked={ticket.postOnly} disabled={instant} onChange={(ev) => change({ type: 'postOnly', on: ev.currentTarget.checked })} /> Post-only</label>
        <label title="Trades whole in one go, or waits"><input type="checkbox" checked={ticket.aon} onChange={(ev) => change({ type: 'aon', on: ev.currentTarget.checked })} /> All or none</label>
      </div>
      <Wrong wrong={wrong} field="postOnly" />
      <Typed name="Minimum" label="Least units a trade" placeholder="any" value={ticket.min} onText={(text) => change({ type: 'min', text })} unit="units" wrong={wrong} field="min" />
      <Typed name="Lot" label="Every trade is a multiple of so many units" placeholder="any" value={ticket.lot} onText={(text) => change({ type: 'lot', text })} unit="units" wrong={wrong} field="lot" />
      <div className="ticket-row">
        <span className="t2">Self-trade</span>
        <Segments label="When it would trade with your own order, cancel" on={[ticket.stp]} onPick={(stp) => change({ type: 'stp', stp })} options={STPS} />
      </div>
      <p className="sm t2 ticket-wrong">{STPS.find((o) => o.value === ticket.stp)?.title}</p>
      <Wrong wrong={wrong} field="stp" />
    </div>
  );
}
