import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { call } from '../api/client';
import { showWorldCode } from '../api/factors';
import { isFull, meQuery } from '../api/queries';
import type { Me } from '../api/types';
import { homeOf, safeNext } from './home';

/** Remembers who is signed in now and goes where the person wanted to go; on to the factor, where one is asked for. */
export function useEntered() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const at = useLocation().pathname;
  const [params] = useSearchParams();
  const next = params.get('next');
  return useCallback((me: Me) => {
    client.clear();
    client.setQueryData(meQuery.queryKey, me);
    if (isFull(me)) void navigate(safeNext(next, homeOf(me.roles)));
    else if (at !== '/signin') void navigate('/signin');
  }, [client, navigate, at, next]);
}

/** Signs in with a password. A person of the local world shows their code at once. */
export function useSignIn() {
  const entered = useEntered();
  return useMutation({
    mutationFn: async ({ totp, ...body }: { email: string; password: string; totp?: string | undefined }) => {
      const me = await call<Me>('POST', '/session', { body });
      return me.session.stage === 'verify' && totp ? showWorldCode(totp) : me;
    },
    onSuccess: entered,
  });
}
