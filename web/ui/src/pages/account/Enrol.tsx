import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { ApiError, call } from '../../api/client';
import { addFactor, createPasskey, passkeysHere } from '../../api/factors';
import type { Enrolment, FactorKind, Me, NewFactor } from '../../api/types';
import { Failed } from '../../parts/States';
import { RecoveryCodes } from './RecoveryCodes';

/** Enrols a passkey or an authenticator app; with the first come recovery codes. */
export function Enrol({ me, onDone }: { me: Me; onDone: () => void }) {
  const origin = me.session.passkey_origin;
  const passkeys = passkeysHere(origin);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [app, setApp] = useState<Enrolment | null>(null);
  const done = (made: NewFactor) => {
    if (made.recovery_codes) setCodes(made.recovery_codes);
    else onDone();
  };
  const begin = useMutation({
    mutationFn: async (kind: FactorKind) => {
      const e = await call<Enrolment>('PUT', '/me/enrolment', { body: { kind, ...(password && { password }) } });
      if (kind === 'totp') {
        setApp(e);
        return;
      }
      const passkey = await createPasskey(e.publicKey as object);
      done(await addFactor({ kind, name: name.trim() || 'Passkey', passkey }));
    },
  });
  const needsPassword = begin.error instanceof ApiError && (begin.error.code === 'password_required' || password !== '');
  if (codes) return <RecoveryCodes codes={codes} onKept={onDone} />;
  if (app) return <App app={app} name={name} onMade={done} onBack={() => setApp(null)} />;
  return (
    <div className="factor">
      <form onSubmit={(ev) => ev.preventDefault()}>
        <label htmlFor="factor-name">What you call it</label>
        <input
          id="factor-name" className="input" maxLength={120} placeholder="The blue key, my phone" value={name}
          onChange={(ev) => setName(ev.currentTarget.value)}
        />
        {needsPassword && (
          <>
            <label htmlFor="factor-password">Your password, because you signed in a while ago</label>
            <input
              id="factor-password" className="input" type="password" autoComplete="current-password" autoFocus value={password}
              onChange={(ev) => setPassword(ev.currentTarget.value)}
            />
          </>
        )}
      </form>
      <button type="button" className="btn btn-primary btn-lg" disabled={begin.isPending || !passkeys} onClick={() => begin.mutate('passkey')}>
        Add a passkey
      </button>
      {!passkeys && (
        <p className="sm t2">
          {origin ? <>Passkeys work at <a href={origin + location.pathname}>{origin.replace(/^https?:\/\//, '')}</a>, not at this address.</> : 'This server takes no passkeys.'}
        </p>
      )}
      <button type="button" className="btn btn-lg" disabled={begin.isPending} onClick={() => begin.mutate('totp')}>Add an authenticator app</button>
      {begin.isError && !(begin.error instanceof ApiError && begin.error.code === 'password_required') && (
        <Failed what="Not enrolled" error={begin.error} />
      )}
    </div>
  );
}

function App({ app, name, onMade, onBack }: {
  app: Enrolment; name: string; onMade: (made: NewFactor) => void; onBack: () => void;
}) {
  const [code, setCode] = useState('');
  const add = useMutation({
    mutationFn: () => addFactor({ kind: 'totp', name: name.trim() || 'Authenticator app', code: code.trim() }),
    onSuccess: onMade,
  });
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    add.mutate();
  };
  const refused = add.error instanceof ApiError && add.error.code === 'factor_refused';
  return (
    <div className="factor">
      <p className="t2">Scan this with your authenticator app, or type the secret into it. It waits five minutes.</p>
      <img className="factor-qr" src={app.picture} alt="QR code of the secret below" width={200} height={200} />
      <code className="factor-secret mono" aria-label="Secret">{app.secret}</code>
      <form onSubmit={submit}>
        <label htmlFor="first-code">The code it shows now</label>
        <input
          id="first-code" className="input mono" inputMode="numeric" autoComplete="one-time-code" pattern="[0-9]{6}" maxLength={6} required autoFocus
          value={code} onChange={(ev) => setCode(ev.currentTarget.value)}
        />
        {refused && <p className="bad" role="alert">This is not the code of this secret now. Wait for the next one.</p>}
        <button type="submit" className="btn btn-primary btn-lg" disabled={add.isPending}>{add.isPending ? 'Checking' : 'Add it'}</button>
      </form>
      <button type="button" className="btn btn-quiet" onClick={onBack}>Something else instead</button>
      {add.isError && !refused && <Failed what="Not enrolled" error={add.error} />}
    </div>
  );
}
