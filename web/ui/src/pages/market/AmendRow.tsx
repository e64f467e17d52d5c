import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useRef, useState, type KeyboardEvent } from 'react';
import { ApiError, call, newKey } from '../../api/client';
import type { Book, Order } from '../../api/types';
import { parsePrice, pricePerTH } from '../../lib/format';
import { useAnnounce } from '../../parts/Parts';
import { Failed } from '../../parts/States';
import { amendmentOf, changes, draftOf, effect, type Amendment } from './amend';
import { fieldOf, isLack, stepped, type Lack } from './ticket';

/** Amends an order in its place in the list: ↵ sends, Esc leaves it. */
export function AmendRow({ o, tick, book, columns, onDone }: {
  o: Order; tick: number; book: Book | undefined; columns: number; onDone: () => void;
}) {
  const says = useId();
  const [draft, setDraft] = useState(() => draftOf(o));
  const amend = useAmend(o, onDone);
  const a = amendmentOf(o, draft, tick);
  const lack: Lack | null = isLack(a) ? a : amend.error instanceof ApiError && amend.variables && same(amend.variables, a)
    ? { field: fieldOf(amend.error.detail), says: amend.error.detail } : null;
  const ready = !isLack(a) && changes(a) && !amend.isPending;
  const onKey = (ev: KeyboardEvent) => {
    if (ev.key === 'Escape') {
      ev.preventDefault();
      onDone();
    }
  };
  const step = (ev: KeyboardEvent) => {
    const now = parsePrice(draft.price);
    if ((ev.key !== 'ArrowUp' && ev.key !== 'ArrowDown') || now === null) return;
    ev.preventDefault();
    setDraft({ ...draft, price: pricePerTH(stepped(now, tick, (ev.key === 'ArrowUp' ? 1 : -1) * (ev.shiftKey ? 10 : 1))) });
  };
  return (
    <tr className="amend">
      <td colSpan={columns}>
        <form
          aria-label="Amend the order" onKeyDown={onKey}
          onSubmit={(ev) => {
            ev.preventDefault();
            if (ready) amend.mutate(a);
          }}
        >
          <label className="field">
            <span className="sm t2">Price</span>
            <input
              autoFocus inputMode="decimal" value={draft.price} aria-label="New price in dollars per TH" autoComplete="off" aria-describedby={says}
              aria-invalid={lack?.field === 'price'} onKeyDown={step} onChange={(ev) => setDraft({ ...draft, price: ev.currentTarget.value })}
            />
            <span className="sm t2">$/TH</span>
          </label>
          {o.side === 'bid' && (
            <label className="field">
              <span className="sm t2">Units</span>
              <input
                inputMode="numeric" value={draft.units} aria-label="Units wanted from now on" autoComplete="off" aria-describedby={says}
                aria-invalid={lack?.field === 'units'} onChange={(ev) => setDraft({ ...draft, units: ev.currentTarget.value })}
              />
              <span className="sm t2">{o.filled > 0 ? `more, beside ${o.filled} bought` : 'wanted'}</span>
            </label>
          )}
          <button type="submit" className="btn btn-sm btn-primary" disabled={!ready}>{amend.isPending ? 'Sending' : 'Amend'} <kbd className="kbd">↵</kbd></button>
          <button type="button" className="btn btn-sm" onClick={onDone}>Leave it <kbd className="kbd">esc</kbd></button>
          <p id={says} className={`sm ${lack ? 'bad' : 't2'}`} role="status">{lack ? lack.says : isLack(a) ? '' : effect(o, a, book)}{o.side === 'ask' && !lack && '. An ask keeps its machines: to sell others, cancel it and list them'}.</p>
        </form>
        {amend.isError && <Failed what="Not amended" error={amend.error} kept="The order stands as it was." />}
      </td>
    </tr>
  );
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** One key per wish, as with a new order. */
function useAmend(o: Order, onDone: () => void) {
  const client = useQueryClient();
  const announce = useAnnounce();
  const key = useRef({ wish: '', key: '' });
  return useMutation({
    mutationFn: (a: Amendment) => {
      const wish = JSON.stringify(a);
      if (key.current.wish !== wish) key.current = { wish, key: newKey() };
      return call<Order>('POST', `/orders/${o.id}/amend`, { body: a, idempotencyKey: key.current.key });
    },
    onSuccess: (after) => {
      announce(after.filled > o.filled ? `Amended: ${after.filled} of ${after.units} filled` : 'Order amended');
      onDone();
    },
    onSettled: () => {
      for (const k of ['orders', 'book', 'tape']) void client.invalidateQueries({ queryKey: [k] });
    },
  });
}
