import { Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/client';
import { factorsQuery, meQuery } from '../../api/queries';
import type { Me } from '../../api/types';
import { int } from '../../lib/format';
import { dayMinute } from '../../lib/time';
import { StatusChip, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonRows } from '../../parts/States';
import { Enrol } from './Enrol';
import { RecoveryCodes } from './RecoveryCodes';

const KINDS = { passkey: 'Passkey', totp: 'Authenticator app', recovery: 'Recovery code' };

export function Factors({ me }: { me: Me }) {
  const client = useQueryClient();
  const list = useQuery(factorsQuery);
  const [adding, setAdding] = useState(false);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ['account'] });
    void client.invalidateQueries({ queryKey: meQuery.queryKey });
  };
  const remove = useMutation({ mutationFn: (id: string) => call('DELETE', `/me/factors/${id}`), onSuccess: refresh });
  const renew = useMutation({
    mutationFn: () => call<{ recovery_codes: string[] }>('POST', '/me/recovery-codes'),
    onSuccess: (made) => {
      setCodes(made.recovery_codes);
      refresh();
    },
  });
  const rows = list.data?.items ?? [];
  const last = rows.length === 1 && list.data?.required === true;
  return (
    <Tile
      id="factors" title="Second factors"
      aside={<button type="button" className="btn btn-sm" onClick={() => setAdding(true)}>Add one</button>}
    >
      {list.isError && <Failed what="Factors not read" error={list.error} onRetry={() => void list.refetch()} />}
      {remove.isError && <Failed what="Not removed" error={remove.error} />}
      {renew.isError && <Failed what="No new codes" error={renew.error} />}
      {list.data?.items.length === 0 && <Empty>No second factor. With one, your password alone opens nothing.</Empty>}
      {(list.isPending || rows.length > 0) && (
        <div className="scroll-x" tabIndex={0} role="region" aria-label="Second factors, to scroll">
          <table className="grid ruled" aria-label="Second factors">
            <thead><tr><th>Name</th><th>Kind</th><th>Added</th><th>Last shown</th><th className="num"> </th></tr></thead>
            <tbody>
              {list.isPending && <SkeletonRows rows={2} columns={[120, 100, 80, 80, 60]} />}
              {rows.map((f) => (
                <tr key={f.id}>
                  <td className="m">{f.name}</td><td>{KINDS[f.kind]}</td><td className="t2">{dayMinute(f.created_at)}</td>
                  <td className="t2">{f.used_at ? dayMinute(f.used_at) : 'not yet'}</td>
                  <td className="num">
                    <button
                      type="button" className="btn btn-sm" disabled={last || remove.isPending} onClick={() => remove.mutate(f.id)}
                      title={last ? 'Your role needs a factor: add another first' : undefined} aria-label={`Remove ${f.name}`}
                    >
                      Remove
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rows.length > 0 && (
        <div className="account-row">
          <span>Recovery codes</span>
          <StatusChip kind={(list.data?.recovery_codes ?? 0) > 2 ? 'done' : 'look'}>{int(list.data?.recovery_codes ?? 0)} of 10 left</StatusChip>
          <button type="button" className="btn btn-sm" disabled={renew.isPending} onClick={() => renew.mutate()}>Make new ones</button>
        </div>
      )}
      <Modal opened={adding} onClose={() => setAdding(false)} title="Add a second factor" size={460}>
        <Enrol
          me={me}
          onDone={() => {
            setAdding(false);
            refresh();
          }}
        />
      </Modal>
      <Modal opened={codes !== null} onClose={() => setCodes(null)} title="New recovery codes" size={460} closeOnClickOutside={false}>
        {codes && <RecoveryCodes codes={codes} onKept={() => setCodes(null)} />}
      </Modal>
    </Tile>
  );
}
