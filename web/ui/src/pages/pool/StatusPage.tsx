import { useQuery } from '@tanstack/react-query';
import { statusQuery } from '../../api/pool';
import type { PoolStatus } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, hashrate, int, percent } from '../../lib/format';
import { dayMinute, daySecond, duration } from '../../lib/time';
import type { GlyphKind } from '../../parts/Glyph';
import { Figure, FigureStrip, Missing, StatusChip, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { useNow } from '../../parts/useNow';
import { BlocksTable } from './BlocksTable';
import { methodWords } from './methods';
import { Public } from './Public';

/** Jobs go out at least every half minute; with two missed the pool is not well. */
const STALE_MS = 90_000;

/** The pool's health, from the moment work was last offered. */
export function healthOf(s: Pick<PoolStatus, 'work_offered_at' | 'workers_online'>, now: number): [GlyphKind, string] {
  if (!s.work_offered_at) return ['todo', 'This server does not know whether work is offered'];
  const age = now - Date.parse(s.work_offered_at);
  if (age > STALE_MS) return ['wrong', `No work offered for ${duration(age / 1000)}`];
  return s.workers_online > 0 ? ['live', 'Work is offered and shares come in'] : ['look', 'Work is offered, nobody mines'];
}

/** The pool as anybody may see it. */
export default function StatusPage() {
  usePageTitle('Pool status');
  const q = useQuery(statusQuery);
  const now = useNow(5000);
  const s = q.data;
  const [kind, words] = s ? healthOf(s, now) : (['todo', 'Reading'] as const);
  return (
    <Public title="Pool status" about={s && <><StatusChip kind={kind}>{words}</StatusChip> {s.network}, figures of {daySecond(s.at)} UTC</>}>
      {q.isError && <Failed what="The pool does not answer" error={q.error} {...(s && { kept: `The figures below are of ${daySecond(s.at)} UTC.` })} onRetry={() => void q.refetch()} />}
      {q.isPending && <SkeletonBlock />}
      {s && (
        <>
          <Figures s={s} now={now} />
          <Tile title="Last blocks" aside="of the whole pool, without their finders">
            {s.blocks.length === 0 ? <Empty title="No block found yet">Work is paid all the same.</Empty> : <BlocksTable rows={s.blocks} keys={false} open />}
          </Tile>
        </>
      )}
    </Public>
  );
}

function Figures({ s, now }: { s: PoolStatus; now: number }) {
  const h = hashrate(s.pool.ths * 1e12);
  const p = s.hashprice;
  return (
    <FigureStrip>
      <Figure label="Accepted work, 1 h" accent value={s.pool.ths > 0 ? h.value : <Missing>no shares</Missing>} {...(s.pool.ths > 0 && { unit: h.unit })} made={s.pool.upper_ths === undefined ? 'in the last hour' : `${fixed(s.pool.lower_ths, 1)} to ${fixed(s.pool.upper_ths, 1)} TH/s at 95 %`} />
      <Figure label="Workers online" value={int(s.workers_online)} made="with a share in 5 min" />
      <Figure label="Hashprice" value={int(Math.round(p.sats_per_ph_day))} unit="sat/PH/day" made={p.usd_per_ph_day !== undefined && p.bitcoin_price ? `$${fixed(p.usd_per_ph_day, 2)} by ${p.bitcoin_price.source}, ${dayMinute(p.bitcoin_price.at)}` : 'no price of bitcoin stated'} />
      <Figure label="Pool fee" value={fixed(s.fee_ppm / 10_000, 2)} unit="%" made={`FPPS, ${methodWords(s.fee_method)}`} />
      <Figure label="Minutes with shares, 24 h" value={s.uptime === undefined ? <Missing>no shares yet</Missing> : percent(s.uptime, 2)} {...(s.uptime !== undefined && { unit: '%' })} made={`${int(s.minutes_without)} of ${int(s.day_minutes)} min without`} />
      <Figure label="Server up" value={duration((now - Date.parse(s.up_since)) / 1000)} made={`since ${dayMinute(s.up_since)} UTC`} />
    </FigureStrip>
  );
}
