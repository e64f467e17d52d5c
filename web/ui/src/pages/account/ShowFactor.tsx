import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { ApiError } from '../../api/client';
import { passkeysHere, showCode, showPasskey, showWorldCode } from '../../api/factors';
import { useWorld } from '../../api/queries';
import type { Me } from '../../api/types';
import { Failed } from '../../parts/States';

/** Asks for a passkey or a code, whichever the person has. */
export function ShowFactor({ me, onShown }: { me: Me; onShown: (me: Me) => void }) {
  const { factors, passkey_origin: origin } = me.session;
  const world = useWorld().data?.sign_ins.find((s) => s.email === me.user.email)?.totp;
  const [code, setCode] = useState('');
  const show = useMutation({ mutationFn: (how: () => Promise<Me>) => how(), onSuccess: onShown });
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    show.mutate(() => showCode(code.trim()));
  };
  const passkey = factors.includes('passkey');
  const codes = factors.includes('totp') || factors.includes('recovery');
  const refused = show.error instanceof ApiError && show.error.code !== '';
  return (
    <div className="factor">
      {passkey && passkeysHere(origin) && (
        <button type="button" className="btn btn-primary btn-lg" disabled={show.isPending} onClick={() => show.mutate(showPasskey)}>
          Use a passkey
        </button>
      )}
      {passkey && !passkeysHere(origin) && origin && (
        <p className="sm t2">Passkeys work at <a href={origin}>{origin.replace(/^https?:\/\//, '')}</a>, not at this address.</p>
      )}
      {codes && (
        <form onSubmit={submit}>
          <label htmlFor="code">{factors.includes('totp') ? 'Code of your app, or a recovery code' : 'Recovery code, or the one-time code you were given'}</label>
          <input
            id="code" className="input mono" name="code" autoComplete="one-time-code" autoCapitalize="off" spellCheck={false} required maxLength={64}
            autoFocus={!passkey} value={code} onChange={(ev) => setCode(ev.currentTarget.value)} aria-describedby={refused ? 'code-refused' : undefined}
          />
          {refused && <p id="code-refused" className="bad" role="alert">This does not hold: it is wrong, or was used already. A new code comes every 30 seconds.</p>}
          <button type="submit" className={`btn btn-lg${passkey ? '' : ' btn-primary'}`} disabled={show.isPending}>
            {show.isPending ? 'Checking' : 'Confirm'}
          </button>
        </form>
      )}
      {world && (
        <button type="button" className="btn" disabled={show.isPending} onClick={() => show.mutate(() => showWorldCode(world))}>
          Fill in this world’s code
        </button>
      )}
      {!codes && refused && <p className="bad" role="alert">The passkey’s answer does not hold. Try again.</p>}
      {show.isError && !refused && <Failed what="Not confirmed" error={show.error} />}
    </div>
  );
}
