import { queryOptions } from '@tanstack/react-query';
import { call, query } from './client';
import type {
  AuditRow, ChainReport, Dossier, Invitation, Letter, Page, SanctionsList, Standing, Subject, User, Webhook, WebhookDelivery,
} from './types';

// An organisation's people, standing, webhooks and trail, and the desk's word on it.

const get = <T>(path: string) => ({ signal }: { signal: AbortSignal }) => call<T>('GET', path, { signal });

/** The first two hundred: organisations have fewer people than that. */
const some = <T>(path: string) => async ({ signal }: { signal: AbortSignal }) =>
  (await call<Page<T>>('GET', `${path}${path.includes('?') ? '&' : '?'}limit=200`, { signal })).items;

export const membersQuery = queryOptions({ queryKey: ['users'], queryFn: some<User>('/users') });

export const invitationsQuery = queryOptions({ queryKey: ['invitations'], queryFn: some<Invitation>('/invitations') });

export const standingQuery = queryOptions({
  queryKey: ['verification'], queryFn: get<Standing>('/verification'), retry: false, refetchInterval: 60_000,
});

export const subjectsQuery = (state: string) =>
  queryOptions({ queryKey: ['verifications', 'all', state], queryFn: some<Subject>(`/verifications${query({ state })}`) });

export const dossierQuery = (org: string) =>
  queryOptions({ queryKey: ['verifications', org], queryFn: get<Dossier>(`/verifications/${org}`), enabled: org !== '' });

export const listsQuery = queryOptions({ queryKey: ['sanctions'], queryFn: some<SanctionsList>('/sanctions/lists') });

export const webhooksQuery = queryOptions({ queryKey: ['webhooks'], queryFn: some<Webhook>('/webhooks') });

export const deliveriesQuery = (hook: string) =>
  queryOptions({
    queryKey: ['webhooks', hook], queryFn: some<WebhookDelivery>(`/webhooks/${hook}/deliveries`), enabled: hook !== '', refetchInterval: 5000,
  });

export const auditPage = (command: string, cursor: string, signal: AbortSignal) =>
  call<Page<AuditRow>>('GET', `/audit${query({ command, cursor, limit: 50 })}`, { signal });

export const chainQuery = queryOptions({
  queryKey: ['audit', 'chain'], staleTime: 60_000, queryFn: async (c) => (await get<Page<ChainReport>>('/audit/chain')(c)).items,
});

/** What the local world's mails say; 404 anywhere else. */
export const mailsQuery = queryOptions({ queryKey: ['world', 'mails'], queryFn: some<Letter>('/world/mails'), retry: false, refetchInterval: 5000 });
