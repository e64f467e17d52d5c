import { useQuery } from '@tanstack/react-query';
import { Navigate } from 'react-router';
import { shipmentsQuery, useMe } from '../../api/queries';
import { SkeletonBlock } from '../../parts/States';
import { nextStep } from '../shipment';

/** Opens the shipment that waits for this organisation, or the list. */
export function NextShipment() {
  const list = useQuery(shipmentsQuery);
  const org = useMe().data?.org.id ?? '';
  if (list.isPending) return <SkeletonBlock />;
  const next = (list.data ?? []).find((s) => nextStep(s, org).kind !== null);
  return <Navigate to={next ? `/logistics/${next.id}` : '/logistics/all'} replace />;
}
