import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { call, newKey } from '../../api/client';
import type { Book, Instrument } from '../../api/types';
import { useHotkeys } from '../../lib/hotkeys';
import { Confirm } from '../../parts/Actions';
import { Glyph } from '../../parts/Glyph';
import { Kbd, useAnnounce } from '../../parts/Parts';
import { Failed } from '../../parts/States';

/** What a halt means for whoever has orders here. */
export function HaltStrip({ here }: { here: Instrument }) {
  return (
    <div className="strip strip-warn strip-flush" role="status">
      <Glyph kind="hold" size={12} /> <span className="b">Trading in {here.name} is halted</span>
      <span className="t2">Limit orders rest without trading and may be amended or cancelled; market, IOC and FOK orders are refused. It opens again with an auction at one price.</span>
    </div>
  );
}

/** ⇧H asks first, and wants a reason; the server asks for a second factor. */
export function HaltSwitch({ here, book }: { here: Instrument; book: Book }) {
  const client = useQueryClient();
  const announce = useAnnounce();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const key = useRef('');
  const halting = !book.halted;
  const turn = useMutation({
    mutationFn: () => call<Book>('POST', `/instruments/${here.id}/${halting ? 'halt' : 'resume'}`, { body: { reason: reason.trim() }, idempotencyKey: key.current }),
    onSuccess: (b) => {
      setOpen(false);
      setReason('');
      announce(b.halted ? `Trading in ${here.name} is halted` : `Trading in ${here.name} is open again`);
      client.setQueryData(['book', here.id], b);
    },
    onSettled: () => {
      for (const k of ['book', 'tape', 'orders']) void client.invalidateQueries({ queryKey: [k] });
    },
  });
  const ask = () => {
    turn.reset();
    key.current = newKey();
    setOpen(true);
  };
  useHotkeys({ 'Shift+h': ask }, !open);
  return (
    <>
      <button type="button" className={`btn btn-sm ${halting ? 'btn-bad' : 'btn-primary'}`} onClick={ask}>{halting ? 'Halt trading' : 'Resume trading'} <Kbd>⇧H</Kbd></button>
      <Confirm
        opened={open} title={halting ? `Halt trading in ${here.name}?` : `Open ${here.name} again?`} does={halting ? 'Halt' : 'Resume'} bad={halting} busy={turn.isPending}
        onYes={() => reason.trim() && turn.mutate()} onNo={() => setOpen(false)}
      >
        <p className="t2">{halting ? 'Orders rest as they come and nothing trades; market, IOC and FOK orders are refused. Owners may cancel and amend.' : 'It begins with an auction at one price among the orders without conditions; the others trade after it.'}</p>
        <label className="mk-reason sm t2">Reason, kept for ever
          <input className="input" data-autofocus required maxLength={1000} value={reason} onChange={(ev) => setReason(ev.currentTarget.value)} /></label>
        {turn.isError && <Failed what={halting ? 'Not halted' : 'Not opened'} error={turn.error} />}
      </Confirm>
    </>
  );
}
