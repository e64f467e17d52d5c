import { Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/client';
import { keysQuery } from '../../api/queries';
import type { Key, Me } from '../../api/types';
import { int } from '../../lib/format';
import { dayMinute, dayYear } from '../../lib/time';
import { StatusChip, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonRows } from '../../parts/States';
import { useNow } from '../../parts/useNow';
import { NewKeyForm } from './NewKeyForm';

export function Keys({ me }: { me: Me }) {
  const client = useQueryClient();
  const list = useQuery(keysQuery);
  const now = useNow();
  const [making, setMaking] = useState(false);
  const revoke = useMutation({
    mutationFn: (id: string) => call('DELETE', `/keys/${id}`),
    onSuccess: () => void client.invalidateQueries({ queryKey: keysQuery.queryKey }),
  });
  const close = () => {
    setMaking(false);
    void client.invalidateQueries({ queryKey: keysQuery.queryKey });
  };
  const rows = list.data ?? [];
  return (
    <Tile
      id="keys" title={`API keys of ${me.org.name}${list.data ? ` · ${int(rows.length)}` : ''}`}
      aside={<button type="button" className="btn btn-sm" onClick={() => setMaking(true)}>New key</button>}
    >
      {list.isError && <Failed what="Keys not read" error={list.error} onRetry={() => void list.refetch()} />}
      {revoke.isError && <Failed what="Not revoked" error={revoke.error} />}
      {list.data?.length === 0 && <Empty>No API keys. A program signs in with one; it has roles like a person.</Empty>}
      {(list.isPending || rows.length > 0) && (
        <div className="scroll-x" tabIndex={0} role="region" aria-label="API keys, to scroll">
          <table className="grid ruled" aria-label="API keys">
            <thead>
              <tr><th>Name</th><th>Roles</th><th>State</th><th>Made, UTC</th><th>Ends</th><th>Last used, UTC</th><th className="num"> </th></tr>
            </thead>
            <tbody>
              {list.isPending && <SkeletonRows rows={3} columns={[120, 90, 70, 80, 80, 80, 60]} />}
              {rows.map((k) => (
                <tr key={k.id} data-key={k.id}>
                  <td className="m" title={k.id}>{k.name}</td><td>{k.roles.join(', ')}</td><td><State k={k} now={now} /></td>
                  <td className="t2">{dayMinute(k.created_at)}</td><td className="t2">{k.expires_at ? dayYear(k.expires_at) : 'never'}</td>
                  <td className="t2">{k.used_at ? dayMinute(k.used_at) : 'not yet'}</td>
                  <td className="num">
                    {!k.revoked_at && (
                      <button type="button" className="btn btn-sm" disabled={revoke.isPending} onClick={() => revoke.mutate(k.id)} aria-label={`Revoke ${k.name}`}>
                        Revoke
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Modal opened={making} onClose={close} title="New API key" size={460} closeOnClickOutside={false}>
        <NewKeyForm me={me} onDone={close} />
      </Modal>
    </Tile>
  );
}

function State({ k, now }: { k: Key; now: number }) {
  if (k.revoked_at) return <StatusChip kind="off">revoked</StatusChip>;
  if (k.expires_at && new Date(k.expires_at).getTime() < now) return <StatusChip kind="off">expired</StatusChip>;
  return k.elevated ? <StatusChip kind="look">elevated</StatusChip> : <StatusChip kind="done">live</StatusChip>;
}
