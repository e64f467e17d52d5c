import type { SignIn, World } from '../api/types';
import { useHotkeys } from '../lib/hotkeys';
import { Kbd } from '../parts/Parts';
import { orderedSignIns } from './welcome';

const ABOUT: Record<string, string> = {
  owner: 'Everything of the organisation',
  trader: 'Book, order ticket, trades, who owes what next',
  operator: 'Machines, redirects, pool workers',
  logistics: 'Scan bench, shipments',
  desk: 'Trades of both sides, disputes',
  treasury: 'Coins, payouts, reconciliation',
  viewer: 'Looks at everything, changes nothing',
};

/** The sign-ins of the local world, one key each. */
export function RoleSignIns({ world, onPick, busy, current }: {
  world: World;
  onPick: (s: { email: string; password: string; totp?: string | undefined }) => void;
  busy: boolean;
  current?: string | undefined;
}) {
  const list = orderedSignIns(world.sign_ins);
  useHotkeys(Object.fromEntries(list.slice(0, 9).map((s, i) => [String(i + 1), () => onPick(pick(s))])), !busy);
  if (list.length === 0) return <p className="empty t2">This world names no sign-ins. Use an e-mail and a password.</p>;
  return (
    <ul className="roles">
      {list.map((s, i) => (
        <li key={s.email} className={s.email === current ? 'here' : undefined}>
          {i < 9 ? <Kbd>{i + 1}</Kbd> : <span />}
          <span className="roles-who">
            <span className="b">{s.org_name}</span>
            <span className="sm t2">{s.role.charAt(0).toUpperCase() + s.role.slice(1)}</span>
          </span>
          <span className="roles-what">
            <span className="mono sm">{s.email}</span>
            <span className="sm t2">{s.look || ABOUT[s.role] || ''}</span>
          </span>
          <button
            type="button" className="btn" disabled={busy}
            onClick={() => onPick(pick(s))} aria-label={`Sign in as ${s.org_name}, ${s.role}`}
          >
            {s.email === current ? 'Signed in' : 'Sign in'}
          </button>
        </li>
      ))}
    </ul>
  );
}

const pick = ({ email, password, totp }: SignIn) => ({ email, password, totp });
