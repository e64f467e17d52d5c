import { useQuery } from '@tanstack/react-query';
import { modelsQuery } from '../../api/queries';
import type { Instrument } from '../../api/types';
import { fixed, int, usd } from '../../lib/format';
import { Line, StatusChip, Tile } from '../../parts/Parts';
import { Empty } from '../../parts/States';
import type { Ladder } from './ladder';
import { invoiceCents } from './ticket';

/** What stands behind the best ask, as far as a buyer may know before a match. */
export function BestAsk({ here, ladder }: { here: Instrument; ladder: Ladder | null }) {
  const model = useQuery({ ...modelsQuery, retry: false }).data?.find((m) => m.name === here.model);
  const best = ladder?.bestAsk;
  return (
    <Tile title="Best ask" aside={best ? `${int(best.units)} ${best.units === 1 ? 'unit' : 'units'}, ${int(best.orders)} ${best.orders === 1 ? 'order' : 'orders'}` : ''}>
      {ladder && !best && <Empty>Nobody offers {here.name} now. A bid rests until somebody does.</Empty>}
      {best && (
        <div className="best">
          <div className="best-chips">
            <StatusChip kind="done">Serial-backed</StatusChip>
          </div>
          <dl>
            <Line label="One machine">{usd(invoiceCents(best.price_mc, here.nominal_ghs))}</Line>
            <Line label="Model">{here.model}</Line>
            {model && <Line label="Efficiency">{fixed(model.joules_per_th, 1)} J/TH</Line>}
            {model && <Line label="Wall power, nominal">{int(model.joules_per_th * model.nominal_ths)} W</Line>}
            <Line label="Handed over">{here.region}, {here.incoterm}</Line>
            <Line label="Paid out">when {fixed(here.floor_ppm / 10_000, 0)} % is proven</Line>
          </dl>
        </div>
      )}
    </Tile>
  );
}
