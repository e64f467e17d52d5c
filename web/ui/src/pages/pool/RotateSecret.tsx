import { Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/client';
import { useMe } from '../../api/queries';
import type { PoolWorker, RotatedSecret } from '../../api/types';
import { dayMinute } from '../../lib/time';
import { Copy } from '../../parts/Actions';
import { Line } from '../../parts/Parts';
import { Failed } from '../../parts/States';

/** A new secret for a machine's worker: told once, the old one good for a while. */
export function RotateSecret({ w }: { w: PoolWorker }) {
  const can = useMe().data?.can.includes('pool.write') ?? false;
  const [open, setOpen] = useState(false);
  if (w.secret_generation === undefined || w.retired_at) return null;
  return (
    <>
      <button type="button" className="btn" disabled={!can} title={can ? undefined : 'This needs the operator, trader or owner role'} onClick={() => setOpen(true)}>New secret …</button>
      <Modal opened={open} onClose={() => setOpen(false)} title="New secret" size={560} centered shadow="none">
        <Form w={w} onDone={() => setOpen(false)} />
      </Modal>
    </>
  );
}

function Form({ w, onDone }: { w: PoolWorker; onDone: () => void }) {
  const client = useQueryClient();
  const [keep, setKeep] = useState('24');
  const rotate = useMutation({
    mutationFn: () => call<RotatedSecret>('POST', `/pool/workers/${w.id}/rotate-secret`, { body: { generation: w.secret_generation, keep_hours: Number(keep) } }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['pool', 'workers', w.id] }),
  });
  const made = rotate.data;
  if (made) {
    return (
      <div className="pl-connect" role="status">
        <dl>
          <Line label="User"><span className="mono">{made.user}</span> <Copy text={made.user} label="the user" /></Line>
          {made.password && <Line label="Password, told this once"><span className="mono">{made.password}</span> <Copy text={made.password} label="the password" /></Line>}
          <Line label="URL"><span className="mono">{made.url}</span> <Copy text={made.url} label="the URL" /></Line>
          <Line label="The old one"><span>{Date.parse(made.old_until) > Date.now() ? `is good until ${dayMinute(made.old_until)} UTC` : 'is good no more'}</span></Line>
        </dl>
        <p className="t2">A redirect of the machine writes it by itself. By hand, write it before the old one ends.</p>
        <div className="confirm-actions"><button type="button" className="btn btn-primary" onClick={onDone}>Done</button></div>
      </div>
    );
  }
  return (
    <form className="pl-connect" onSubmit={(ev: SyntheticEvent) => { ev.preventDefault(); rotate.mutate(); }}>
      <p>The machine of <span className="mono">{w.user}</span> gets a new password. It is told once.</p>
      <label className="pl-field">Keep the old one for
        <select className="input" value={keep} onChange={(ev) => setKeep(ev.currentTarget.value)}>
          <option value="1">1 hour</option><option value="24">24 hours</option><option value="168">7 days</option><option value="0">no time: its sessions end now</option>
        </select>
      </label>
      {rotate.isError && <Failed what="Not rotated" error={rotate.error} kept="The old secret is still good." />}
      <div className="confirm-actions">
        <button type="button" className="btn" onClick={onDone}>Leave it <kbd className="kbd">esc</kbd></button>
        <button type="submit" className={keep === '0' ? 'btn btn-bad' : 'btn btn-primary'} disabled={rotate.isPending} data-autofocus>Make it <kbd className="kbd">↵</kbd></button>
      </div>
    </form>
  );
}
