import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/client';
import { sessionsQuery } from '../../api/queries';
import { int } from '../../lib/format';
import { dayMinute } from '../../lib/time';
import { StatusChip, Tile } from '../../parts/Parts';
import { Failed, SkeletonRows } from '../../parts/States';
import { deviceOf } from './device';

const FACTORS: Record<string, string> = { passkey: 'passkey', totp: 'app code', recovery: 'recovery code' };

export function Sessions() {
  const client = useQueryClient();
  const list = useQuery(sessionsQuery);
  const end = useMutation({
    mutationFn: (path: string) => call('DELETE', path),
    onSuccess: () => void client.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  });
  const rows = list.data ?? [];
  return (
    <Tile
      id="sessions" title={`Signed in${list.data ? ` · ${int(rows.length)}` : ''}`}
      aside={(
        <button type="button" className="btn btn-sm" disabled={rows.length < 2 || end.isPending} onClick={() => end.mutate('/me/sessions')}>
          End all others
        </button>
      )}
    >
      {list.isError && <Failed what="Sessions not read" error={list.error} onRetry={() => void list.refetch()} />}
      {end.isError && <Failed what="Not ended" error={end.error} />}
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Sessions, to scroll">
        <table className="grid ruled" aria-label="Sessions">
          <thead>
            <tr><th>Device</th><th>Address</th><th>Since, UTC</th><th>Last seen, UTC</th><th>Shown</th><th className="num"> </th></tr>
          </thead>
          <tbody>
            {list.isPending && <SkeletonRows rows={2} columns={[120, 90, 90, 90, 60, 60]} />}
            {rows.map((s) => (
              <tr key={s.id} data-session={s.id}>
                <td title={s.agent}>{deviceOf(s.agent)}</td><td className="mono sm">{s.remote}</td>
                <td className="t2">{dayMinute(s.created_at)}</td><td className="t2">{dayMinute(s.seen_at)}</td>
                <td className="t2">{s.factor ? FACTORS[s.factor] : 'password'}</td>
                <td className="num">
                  {s.current ? <StatusChip kind="live">this one</StatusChip> : (
                    <button type="button" className="btn btn-sm" disabled={end.isPending} onClick={() => end.mutate(`/me/sessions/${s.id}`)}>
                      End
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Tile>
  );
}
