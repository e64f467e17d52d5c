import { second } from '../lib/time';
import { useLive } from '../live/LiveProvider';
import { Glyph } from '../parts/Glyph';
import { useNow } from '../parts/useNow';

/** Amber, with the time the figures are from. The figures stay. */
export function StaleStrip() {
  const live = useLive();
  const now = useNow();
  if (live.status !== 'stale') return null;
  const wait = Math.ceil((live.retryAt - now) / 1000);
  return (
    <div className="strip strip-warn strip-flush" role="alert">
      <Glyph kind="look" size={12} />
      <span className="b">Not live since {second(live.lastAt)}</span>
      <span className="t2">figures are as of then; {wait > 0 ? `trying again in ${wait} s` : 'trying again'}</span>
    </div>
  );
}
