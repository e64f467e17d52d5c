import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { Link } from 'react-router';
import { ApiError, call } from '../api/client';
import { passkeySignIn, passkeysHere } from '../api/factors';
import { isFull, meQuery, useMe, useWorld } from '../api/queries';
import type { Me } from '../api/types';
import { SchemeSwitch } from '../frame/TopBar';
import { usePageTitle } from '../frame/title';
import { Mark } from '../parts/Icon';
import { Failed } from '../parts/States';
import { Enrol } from './account/Enrol';
import { ShowFactor } from './account/ShowFactor';
import { RoleSignIns } from './RoleSignIns';
import { useEntered, useSignIn } from './signin';
import './account/account.css';
import './entry.css';

export function SignInPage() {
  usePageTitle('Sign in');
  const me = useMe().data;
  const world = useWorld().data;
  const signIn = useSignIn();
  const half = me && !isFull(me) ? me : null;
  return (
    <main className="entry">
      <header className="entry-top">
        <Mark size={24} />
        <SchemeSwitch />
      </header>
      <div className={`entry-body${world && !half ? ' entry-two' : ''}`}>
        {half ? <Second me={half} /> : <Password me={me ?? null} signIn={signIn} />}
        {world && !half && (
          <section className="entry-world" aria-labelledby="roles">
            <header className="tile-head">
              <h2 id="roles" className="b">Sign in by role</h2>
              <span className="sm t2">local world · <Link to="/welcome">what runs</Link></span>
            </header>
            <RoleSignIns world={world} onPick={(s) => signIn.mutate(s)} busy={signIn.isPending} />
          </section>
        )}
      </div>
    </main>
  );
}

function Password({ me, signIn }: { me: Me | null; signIn: ReturnType<typeof useSignIn> }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    signIn.mutate({ email: email.trim(), password });
  };
  const refused = signIn.error instanceof ApiError && [401, 403, 422].includes(signIn.error.status);
  return (
    <section className="entry-form" aria-labelledby="signin">
      <h1 id="signin">Sign in to hashyard</h1>
      <p className="t2">Secondhand Bitcoin miners, traded, shipped, put to work and paid for their work.</p>
      {me && <p className="t2">You are signed in as {me.org.name}. <Link to="/">Go on</Link></p>}
      <form onSubmit={submit}>
        <label htmlFor="email">E-mail</label>
        <input
          id="email" className="input" type="email" name="email" autoComplete="username" required autoFocus
          value={email} onChange={(ev) => setEmail(ev.currentTarget.value)}
        />
        <label htmlFor="password">Password</label>
        <input
          id="password" className="input" type="password" name="password" autoComplete="current-password" required
          value={password} onChange={(ev) => setPassword(ev.currentTarget.value)}
          aria-describedby={refused ? 'refused' : undefined}
        />
        {refused && (
          <p id="refused" className="bad" role="alert">E-mail and password do not match an account. Nothing was changed.</p>
        )}
        <button type="submit" className="btn btn-primary btn-lg" disabled={signIn.isPending}>
          {signIn.isPending ? 'Signing in' : 'Sign in'}
        </button>
      </form>
      <p className="sm entry-lost"><Link to="/reset">Lost the password?</Link></p>
      {signIn.isError && !refused && <Failed what="Not signed in" error={signIn.error} />}
      <ByPasskey />
    </section>
  );
}

/** A passkey is both factors at once: nothing is typed. */
function ByPasskey() {
  const entered = useEntered();
  const enter = useMutation({ mutationFn: passkeySignIn, onSuccess: entered });
  // Where this server takes none, or at another address, it says so itself.
  if (!passkeysHere(location.origin)) return null;
  const refused = enter.error instanceof ApiError && enter.error.code === 'factor_refused';
  return (
    <div className="entry-passkey">
      <button type="button" className="btn btn-lg" disabled={enter.isPending} onClick={() => enter.mutate()}>Sign in with a passkey</button>
      {refused && <p className="bad" role="alert">This passkey opens no account here.</p>}
      {enter.isError && !refused && (enter.error instanceof ApiError
        ? <Failed what="Not signed in" error={enter.error} />
        : <p className="t2" role="alert">No passkey was given. It works at the address it was made for.</p>)}
    </div>
  );
}

/** The password was right; what the role asks for besides comes now. */
function Second({ me }: { me: Me }) {
  const entered = useEntered();
  const client = useQueryClient();
  const leave = useMutation({
    mutationFn: () => call('DELETE', '/session'),
    onSettled: () => client.setQueryData(meQuery.queryKey, null),
  });
  const enrol = me.session.stage === 'enrol';
  return (
    <section className="entry-form" aria-labelledby="second">
      <h1 id="second">{enrol ? 'Add a second factor' : 'Confirm that it is you'}</h1>
      <p className="t2 entry-why">
        {enrol
          ? `As ${me.roles.join(', ')} of ${me.org.name} you decide over money or people. A password alone is not enough for that.`
          : `Signing in as ${me.user.email}.`}
      </p>
      {enrol
        ? <Enrol me={me} onDone={() => void call<Me>('GET', '/me').then(entered)} />
        : <ShowFactor me={me} onShown={entered} />}
      <button type="button" className="btn btn-quiet entry-leave" onClick={() => leave.mutate()}>Sign in as somebody else</button>
    </section>
  );
}
