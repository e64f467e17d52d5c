import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call, newKey } from '../../api/client';
import type { Me, NewKey } from '../../api/types';
import { Failed } from '../../parts/States';

const ROLES = ['viewer', 'trader', 'operator', 'logistics', 'owner', 'agent'] as const;
const HOUSE = ['desk', 'treasury'] as const;

/** Makes a key and tells its text this once. */
export function NewKeyForm({ me, onDone }: { me: Me; onDone: () => void }) {
  const [name, setName] = useState('');
  const [roles, setRoles] = useState<readonly string[]>(['viewer']);
  const [days, setDays] = useState('365');
  const [elevated, setElevated] = useState(false);
  const [attempt] = useState(newKey);
  const make = useMutation({
    mutationFn: () => call<NewKey>('POST', '/keys', {
      body: { name: name.trim(), roles, expires_in_days: Number(days), elevated }, idempotencyKey: attempt,
    }),
  });
  if (make.data) return <Told made={make.data} onDone={onDone} />;
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    make.mutate();
  };
  const toggle = (r: string) => setRoles(roles.includes(r) ? roles.filter((x) => x !== r) : [...roles, r]);
  return (
    <form className="factor" onSubmit={submit}>
      <label htmlFor="key-name">Name: which program uses it</label>
      <input id="key-name" className="input" required maxLength={120} autoFocus value={name} onChange={(ev) => setName(ev.currentTarget.value)} />
      <fieldset className="checks">
        <legend>Roles</legend>
        {[...ROLES, ...(me.org.house ? HOUSE : [])].map((r) => (
          <label key={r}><input type="checkbox" checked={roles.includes(r)} onChange={() => toggle(r)} /> {r}</label>
        ))}
      </fieldset>
      <label htmlFor="key-days">Ends after, days</label>
      <input id="key-days" className="input" type="number" min={1} max={730} required value={days} onChange={(ev) => setDays(ev.currentTarget.value)} />
      <div className="checks">
        <label><input type="checkbox" checked={elevated} onChange={() => setElevated(!elevated)} /> Elevated: it may do what asks a person for a factor</label>
      </div>
      <button type="submit" className="btn btn-primary btn-lg" disabled={make.isPending || roles.length === 0}>{make.isPending ? 'Making it' : 'Make the key'}</button>
      {make.isError && <Failed what="No key made" error={make.error} />}
    </form>
  );
}

function Told({ made, onDone }: { made: NewKey; onDone: () => void }) {
  return (
    <div className="factor">
      <p className="m">Copy the key now. It is not shown again.</p>
      {made.secret
        ? <code className="factor-secret mono" aria-label="API key">{made.secret}</code>
        : <p className="bad">The answer was lost on its way. Revoke this key and make another.</p>}
      <p className="sm t2">Send it as <span className="mono">Authorization: Bearer</span>.</p>
      <div className="factor-row">
        {made.secret && <button type="button" className="btn" onClick={() => void navigator.clipboard.writeText(made.secret ?? '')}>Copy</button>}
        <button type="button" className="btn btn-primary" onClick={onDone}>Done</button>
      </div>
    </div>
  );
}
