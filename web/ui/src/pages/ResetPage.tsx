import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { call } from '../api/client';
import { usePageTitle } from '../frame/title';
import { Failed } from '../parts/States';
import { Entry, PasswordField } from './Entry';
import { useLinkToken } from './link';

/** A lost password: asking for the link, and using it. */
export function ResetPage() {
  usePageTitle('Reset the password');
  const token = useLinkToken();
  return token ? <Use token={token} /> : <Ask />;
}

function Ask() {
  const [email, setEmail] = useState('');
  const ask = useMutation({ mutationFn: () => call('POST', '/password-reset', { body: { email: email.trim() } }) });
  return (
    <Entry title="Reset your password">
      {ask.isSuccess ? (
        <p role="status">If {email.trim()} has an account, a link is on its way to it. It works once, for 30 minutes. <Link to="/signin">Back to the sign-in</Link></p>
      ) : (
        <form onSubmit={(ev) => { ev.preventDefault(); ask.mutate(); }}>
          <label htmlFor="email">E-mail</label>
          <input id="email" className="input" type="email" autoComplete="username" required autoFocus maxLength={254} value={email} onChange={(ev) => setEmail(ev.currentTarget.value)} />
          <button type="submit" className="btn btn-primary btn-lg" disabled={ask.isPending}>{ask.isPending ? 'Asking' : 'Mail me a link'}</button>
          {ask.isError && <Failed what="Nothing was sent" error={ask.error} />}
        </form>
      )}
    </Entry>
  );
}

function Use({ token }: { token: string }) {
  const [password, setPassword] = useState('');
  const use = useMutation({ mutationFn: () => call('POST', '/password-reset/use', { body: { token, password } }) });
  return (
    <Entry title="Choose a new password">
      {use.isSuccess ? (
        <p role="status">The password is changed and all your sessions are ended. <Link to="/signin">Sign in</Link></p>
      ) : (
        <form onSubmit={(ev) => { ev.preventDefault(); use.mutate(); }}>
          <PasswordField label="New password" value={password} onChange={setPassword} autoFocus />
          <button type="submit" className="btn btn-primary btn-lg" disabled={use.isPending}>{use.isPending ? 'Changing' : 'Change it'}</button>
          {use.isError && <Failed what="Nothing was changed" error={use.error} actions={<Link className="btn btn-sm" to="/reset">Ask for another link</Link>} />}
        </form>
      )}
    </Entry>
  );
}
