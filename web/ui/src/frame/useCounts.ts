import { useQuery } from '@tanstack/react-query';
import { shipmentsQuery, tradesQuery, useMe } from '../api/queries';
import { nextStep } from '../pages/shipment';

/** What waits for this person, by the name of the job. */
export function useCounts(): Readonly<Record<string, number>> {
  const me = useMe().data;
  const may = (action: string) => me?.can.includes(action) ?? false;
  const trades = useQuery({ ...tradesQuery, enabled: may('trades.fund'), retry: false }).data ?? [];
  const shipments = useQuery({ ...shipmentsQuery, enabled: may('shipments.scan'), retry: false }).data ?? [];
  return {
    Money: trades.filter((t) => t.role === 'buyer' && t.state === 'matched').length,
    Logistics: shipments.filter((s) => nextStep(s, me?.org.id ?? '').kind !== null).length,
  };
}
