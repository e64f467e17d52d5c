import { Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { call } from '../../api/client';
import { dryRunQuery } from '../../api/queries';
import type { PlanKind, PlanRun, RedirectPlan } from '../../api/types';
import { Progress } from '../../parts/Actions';
import { Glyph } from '../../parts/Glyph';
import { Line, Segments } from '../../parts/Parts';
import { Failed } from '../../parts/States';
import './redirects.css';

const LIMITS = ['0', '30000', '100000'] as const;

/** The dry run of a plan, and the button that begins it. */
export function PlanDialog({ kind, miners, onClose }: { kind: PlanKind; miners: readonly string[]; onClose: () => void }) {
  const [limit, setLimit] = useState<(typeof LIMITS)[number]>('0');
  const [accept, setAccept] = useState(false);
  const dry = useQuery(dryRunQuery(kind, miners, accept));
  const client = useQueryClient();
  const navigate = useNavigate();
  const start = useMutation({
    mutationFn: () => call<RedirectPlan>('POST', '/redirect-plans', { body: { kind, miner_ids: miners, halt_ppm: Number(limit), accept_mismatch: accept } }),
    onSuccess: (p) => { void client.invalidateQueries({ queryKey: ['plans'] }); void navigate(`/redirects/${p.id}`); },
  });
  const n = dry.data?.included ?? 0;
  const ready = n > 0 && !dry.isFetching;
  const go = useRef<HTMLButtonElement>(null);
  // Enter begins it once the dry run is there, not before.
  useEffect(() => { if (ready) go.current?.focus(); }, [ready]);
  return (
    <Modal opened onClose={onClose} title={kind === 'redirect' ? 'Redirect to our pool: dry run' : 'Back to the old pools: dry run'} centered shadow="none" size={760}>
      <form className="rd-dry" onSubmit={(ev) => { ev.preventDefault(); if (ready) start.mutate(); }}>
        {dry.isFetching && <Progress label={`Asking about ${miners.length} machines; nothing is written`} />}
        {dry.isError && <Failed what="No dry run" error={dry.error} onRetry={() => void dry.refetch()} />}
        {dry.data && <Outcome run={dry.data} />}
        <div className="rd-rule">
          <span>Halts by itself when more of a wave fails than</span>
          <Segments label="Limit of a wave" on={[limit]} onPick={setLimit} options={LIMITS.map((v) => ({ value: v, label: v === '0' ? 'none' : `${Number(v) / 10_000} %` }))} />
        </div>
        <label className="rd-accept"><input type="checkbox" checked={accept} onChange={(ev) => setAccept(ev.currentTarget.checked)} /> Also machines whose parts are not as registered</label>
        {start.isError && <Failed what="Not begun" error={start.error} />}
        <div className="confirm-actions">
          <button type="button" className="btn" onClick={onClose}>Leave it <kbd className="kbd">esc</kbd></button>
          <button ref={go} type="submit" className="btn btn-primary" disabled={!ready || start.isPending}>
            {kind === 'redirect' ? 'Redirect' : 'Restore'} {n} {n === 1 ? 'machine' : 'machines'} <kbd className="kbd">↵</kbd>
          </button>
        </div>
      </form>
    </Modal>
  );
}

const SHOWN = 200;

function Outcome({ run }: { run: PlanRun }) {
  return (
    <>
      <dl>
        <Line label="Would be written" strong>{run.included} of {run.included + run.left_out}</Line>
        <Line label="Waves">{run.waves.length > 0 ? run.waves.join(' → ') : 'none'}</Line>
        <Line label="Left out">{run.left_out}</Line>
      </dl>
      <div className="rd-dry-list" role="region" aria-label="Machines of the dry run" tabIndex={0}>
        <table className="grid ruled">
          <thead><tr><th>Serial</th><th>Wave</th><th>What would be written</th></tr></thead>
          <tbody>
            {[...run.items].sort((a, b) => Number(!!b.left_out) - Number(!!a.left_out)).slice(0, SHOWN).map((i) => (
              <tr key={i.miner_id}>
                <td className="mono">{i.serial || i.address || 'not yours'}</td>
                <td>{i.wave ?? <Glyph kind="off" size={10} label="left out" />}</td>
                <td className="rd-wrap">{i.left_out ? <span className="t2">Left out: {i.left_out}</span>
                  : i.write.map((s) => <div key={s.slot}><span className="t2">{s.slot}</span> {s.url ? <><span className="mono sm">{s.url}</span> as {s.user}</> : <span className="t2">emptied</span>}</div>)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {run.items.length > SHOWN && <p className="t2 rd-more">and {run.items.length - SHOWN} more like these</p>}
      </div>
    </>
  );
}
