import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { call } from '../api/client';
import type { Offer } from '../api/types';
import { usePageTitle } from '../frame/title';
import { dayMinute } from '../lib/time';
import { Failed, SkeletonBlock } from '../parts/States';
import { Entry, PasswordField } from './Entry';
import { capital } from './org/roles';
import { useLinkToken } from './link';

/** Accepting an invitation: the mailed link leads here. */
export function JoinPage() {
  usePageTitle('Join');
  const token = useLinkToken();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const offer = useQuery({
    queryKey: ['join', token], retry: false, staleTime: Infinity,
    queryFn: () => call<Offer>('POST', '/join/look', { body: { token } }),
  });
  const join = useMutation({ mutationFn: () => call('POST', '/join', { body: { token, name, password } }) });
  return (
    <Entry title={offer.data ? `Join ${offer.data.org} at hashyard` : 'Join an organisation at hashyard'}>
      {offer.isPending && <SkeletonBlock />}
      {offer.isError && <Failed what="The invitation opens nothing" error={offer.error} />}
      {offer.data && !join.isSuccess && (
        <>
          <p className="t2">As {offer.data.roles.map(capital).join(', ')}, with {offer.data.email}. The link works until {dayMinute(offer.data.expires_at)} UTC.</p>
          <form onSubmit={(ev) => { ev.preventDefault(); join.mutate(); }}>
            <input type="hidden" name="email" autoComplete="username" value={offer.data.email} />
            <label htmlFor="name">Your name</label>
            <input id="name" className="input" autoComplete="name" required maxLength={120} autoFocus value={name} onChange={(ev) => setName(ev.currentTarget.value)} />
            <PasswordField label="Choose a password" value={password} onChange={setPassword} />
            <button type="submit" className="btn btn-primary btn-lg" disabled={join.isPending}>{join.isPending ? 'Joining' : 'Join'}</button>
          </form>
          {join.isError && <Failed what="Not joined" error={join.error} />}
        </>
      )}
      {join.isSuccess && <p role="status">Your account is made. <Link to="/signin">Sign in</Link> with your e-mail and the password you chose.</p>}
    </Entry>
  );
}
