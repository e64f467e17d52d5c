import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/client';
import { fleetAlertsQuery } from '../../api/queries';
import type { FleetAlert } from '../../api/types';
import { sat } from '../../lib/format';
import { duration } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { useNow } from '../../parts/useNow';
import { HEALTHS } from './health';

const SHOWN = 100;

/** What is wrong: cause, age, loss, one action each. Open ones come first. */
export function Alerts({ may, onOpen }: { may: boolean; onOpen: (miner: string) => void }) {
  const alerts = useQuery(fleetAlertsQuery());
  const now = useNow(5000);
  const client = useQueryClient();
  const ack = useMutation({
    mutationFn: (id: string) => call<FleetAlert>('POST', `/fleet/alerts/${id}/acknowledge`),
    onSettled: () => void client.invalidateQueries({ queryKey: ['fleet', 'alerts'] }),
  });
  const list = [...(alerts.data ?? [])].sort((a, b) => Number(b.state === 'open') - Number(a.state === 'open') || b.lost_sat - a.lost_sat);
  const open = list.filter((a) => a.state === 'open').length;
  return (
    <Tile title="Alerts" className="fl-alerts" aside={alerts.data && `${open} open, ${list.length - open} known`}>
      {alerts.isError ? <Failed what="Alerts not read" error={alerts.error} onRetry={() => void alerts.refetch()} />
        : alerts.isPending ? <SkeletonBlock height={200} label="Loading alerts" />
        : list.length === 0 ? <Empty>Nothing is wrong with a machine that was read.</Empty>
        : (
          <ul className="scroll-y">
            {ack.isError && <li><Failed what="Not acknowledged" error={ack.error} /></li>}
            {list.slice(0, SHOWN).map((a) => (
              <li key={a.id} className="fl-alert">
                <div className="fl-alert-head">
                  <span className="m"><Glyph kind={HEALTHS[a.kind][0]} size={12} /> {HEALTHS[a.kind][1]}</span>
                  <span className="sm t2">{duration((now - Date.parse(a.raised_at)) / 1000)}</span>
                </div>
                <p className="t2"><span className="mono">{a.serial || a.address}</span> {a.cause}</p>
                <div className="fl-alert-head sm">
                  <span className="t2">{a.lost_sat > 0 ? `Lost about ${sat(a.lost_sat)} sat` : 'No loss counted yet'}</span>
                  <span>
                    <button type="button" className="row-pick" aria-label={`Open ${a.serial || a.address}`} onClick={() => onOpen(a.miner_id)}>Open</button>
                    {a.state === 'acknowledged' ? <span className="t2"> · known</span>
                      : may && <button type="button" className="row-pick" aria-label={`Acknowledge: ${a.serial} ${HEALTHS[a.kind][1]}`} disabled={ack.isPending} onClick={() => ack.mutate(a.id)}>Acknowledge</button>}
                  </span>
                </div>
              </li>
            ))}
            {list.length > SHOWN && <li className="fl-alert t2">and {list.length - SHOWN} more; filter the machines by “Needs attention”.</li>}
          </ul>
        )}
    </Tile>
  );
}
