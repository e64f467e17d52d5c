import { useState, type SyntheticEvent } from 'react';
import { Link } from 'react-router';
import { ApiError } from '../api/client';
import { useMe, useWorld } from '../api/queries';
import { SchemeSwitch } from '../frame/TopBar';
import { usePageTitle } from '../frame/title';
import { Mark } from '../parts/Icon';
import { Failed } from '../parts/States';
import { useSignIn } from './signin';
import { RoleSignIns } from './RoleSignIns';
import './entry.css';

export function SignInPage() {
  usePageTitle('Sign in');
  const me = useMe().data;
  const world = useWorld().data;
  const signIn = useSignIn();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    signIn.mutate({ email: email.trim(), password });
  };
  const refused = signIn.error instanceof ApiError && [401, 403, 422].includes(signIn.error.status);
  return (
    <main className="entry">
      <header className="entry-top">
        <Mark size={24} />
        <SchemeSwitch />
      </header>
      <div className={`entry-body${world ? ' entry-two' : ''}`}>
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
        </section>
        {world && (
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
