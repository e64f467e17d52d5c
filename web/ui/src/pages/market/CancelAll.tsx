import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { call, newKey } from '../../api/client';
import type { Instrument, Order } from '../../api/types';
import { int } from '../../lib/format';
import { Confirm } from '../../parts/Actions';
import { useAnnounce } from '../../parts/Parts';
import { Failed } from '../../parts/States';

/** Takes every working order out of the books, or those of the instrument on screen. */
export function CancelAll({ opened, working, here, onClose }: {
  opened: boolean; working: readonly Order[]; here: Instrument; onClose: () => void;
}) {
  const client = useQueryClient();
  const announce = useAnnounce();
  // One key per wish: a repeated try does not take out what was placed after it.
  const key = useRef({ wish: '', key: '' });
  const cancel = useMutation({
    mutationFn: (instrument: string) => {
      if (key.current.wish !== instrument || key.current.key === '') key.current = { wish: instrument, key: newKey() };
      return call<{ orders: Order[] }>('POST', '/orders/cancel-all', { body: instrument ? { instrument } : {}, idempotencyKey: key.current.key });
    },
    onSuccess: ({ orders }) => {
      close();
      announce(`${count(orders.length)} cancelled`);
    },
    onSettled: () => {
      for (const k of ['orders', 'book', 'units']) void client.invalidateQueries({ queryKey: [k] });
    },
  });
  const close = () => {
    key.current = { wish: '', key: '' };
    cancel.reset();
    onClose();
  };
  const of = working.filter((o) => o.instrument === here.id).length;
  return (
    <Confirm opened={opened} title={`Cancel ${count(working.length)}?`} does={`Cancel ${count(working.length)}`} bad busy={cancel.isPending} onYes={() => cancel.mutate('')} onNo={close}>
      <p className="t2">They leave the book at once; serials they reserve are free again. Fills stay. What fills before the request is there is not cancelled.</p>
      {of > 0 && of < working.length && (
        <p className="mk-only"><button type="button" className="btn btn-sm" disabled={cancel.isPending} onClick={() => cancel.mutate(here.id)}>Only {count(of)} of {here.name}</button></p>
      )}
      {cancel.isError && <Failed what="Not all cancelled" error={cancel.error} kept="Try again: what is out already stays out." />}
    </Confirm>
  );
}

const count = (n: number) => `${int(n)} ${n === 1 ? 'order' : 'orders'}`;
