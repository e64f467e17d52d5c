import type { OrgDetails, Standing } from '../../api/types';
import { fixed } from '../../lib/format';
import { dayYear } from '../../lib/time';
import type { GlyphKind } from '../../parts/Glyph';
import { Line, StatusChip } from '../../parts/Parts';
import { capital } from './roles';

const GLYPHS: Record<Standing['state'], GlyphKind> = { unverified: 'todo', submitted: 'live', verified: 'done', refused: 'wrong', suspended: 'hold' };

export function StandingChip({ state }: { state: Standing['state'] }) {
  return <StatusChip kind={GLYPHS[state]}>{capital(state)}</StatusChip>;
}

/** What an organisation says of itself. */
export function DetailLines({ details: d }: { details: OrgDetails }) {
  return (
    <dl className="og-lines">
      <Line label="Legal name">{d.legal_name}</Line>
      <Line label="Country">{d.country}</Line>
      <Line label="Registration number"><span className="mono">{d.registration}</span></Line>
      {d.owners.map((o, i) => (
        <Line key={i} label={i === 0 ? 'Beneficial owners' : ''}>
          {o.name}, {o.country}{o.born && `, born ${dayYear(o.born)}`}{o.share_ppm ? `, ${fixed(o.share_ppm / 10_000, 2)} %` : ''}
        </Line>
      ))}
    </dl>
  );
}
