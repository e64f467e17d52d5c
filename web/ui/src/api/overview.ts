import { queryOptions } from '@tanstack/react-query';
import { call, query } from './client';
import type { Desk, SearchResult, Turns } from './types';

// What joins several domains: see cmd/internal/app/search.go and desk.go.

const get = <T>(path: string) => ({ signal }: { signal: AbortSignal }) => call<T>('GET', path, { signal });

export const searchQuery = (q: string) =>
  queryOptions({ queryKey: ['search', q], queryFn: get<SearchResult>(`/search${query({ q })}`), staleTime: 5000, retry: false });

export const turnsQuery = queryOptions({ queryKey: ['turns'], queryFn: get<Turns>('/turns'), retry: false });

export const deskQuery = queryOptions({ queryKey: ['desk'], queryFn: get<Desk>('/desk') });
