import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearchParams } from 'react-router';
import { call } from '../api/client';
import { meQuery } from '../api/queries';
import type { Me } from '../api/types';
import { homeOf, safeNext } from './home';

/** Signs in and goes where the person wanted to go. */
export function useSignIn(goTo?: string) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  return useMutation({
    mutationFn: (body: { email: string; password: string }) => call<Me>('POST', '/session', { body }),
    onSuccess: (me) => {
      client.clear();
      client.setQueryData(meQuery.queryKey, me);
      void navigate(goTo ?? safeNext(params.get('next'), homeOf(me.roles)));
    },
  });
}
