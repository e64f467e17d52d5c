import { useQuery } from '@tanstack/react-query';
import { turnsQuery } from '../api/overview';
import { useMe } from '../api/queries';
import type { Job } from './jobs';

/** How much of a job waits for this person. */
export function useCount(job: Job): number {
  const me = useMe().data;
  const turns = useQuery({ ...turnsQuery, enabled: Boolean(me) }).data;
  return (job.turns && turns?.[job.turns]) ?? 0;
}
