import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { poolQuery, tradesQuery, unitsQuery, useMe, useWorld } from '../api/queries';
import { Shell } from '../frame/Shell';
import { usePageTitle } from '../frame/title';
import { int } from '../lib/format';
import { duration } from '../lib/time';
import { LiveProvider } from '../live/LiveProvider';
import { Glyph } from '../parts/Glyph';
import { Figure, FigureStrip, Missing, Tile } from '../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../parts/States';
import type { World } from '../api/types';
import { RoleSignIns } from './RoleSignIns';
import { useSignIn } from './signin';
import { partsOf, stepsOf } from './welcome';
import './entry.css';

/** The local world: what to do first, who to be, what runs. */
export function WelcomePage() {
  usePageTitle('Local world');
  const me = useMe();
  const world = useWorld();
  if (world.isPending || me.isPending) return <SkeletonBlock />;
  if (world.isError) return <Failed what="The local world does not answer" error={world.error} onRetry={() => void world.refetch()} />;
  const body = world.data === null
    ? <Empty title="This is not a local world" action={<Link className="btn" to="/">Go to the start</Link>}>Its welcome page exists only where the world is simulated.</Empty>
    : <Welcome world={world.data} />;
  if (me.data) return <LiveProvider><Shell>{body}</Shell></LiveProvider>;
  return <Shell>{body}</Shell>;
}

function Welcome({ world }: { world: World }) {
  const me = useMe().data ?? null;
  const signIn = useSignIn();
  const parts = partsOf(world);
  return (
    <article>
      <header className="page-head">
        <h1>Your local world is running</h1>
        <span className="actions sm t2">stops with Ctrl-C, goes on where it was · <span className="mono">make reset</span> forgets</span>
      </header>
      <WorldFigures signedIn={me !== null} />
      <div className="welcome">
        <Steps signedIn={me !== null} />
        <Tile title="Sign in by role" aside={me ? `signed in as ${me.org.name}` : 'no sign-in yet'}>
          <RoleSignIns world={world} onPick={(s) => signIn.mutate(s)} busy={signIn.isPending} current={me?.user.email} />
          {signIn.isError && <Failed what="Not signed in" error={signIn.error} />}
        </Tile>
      </div>
      {parts.length > 0 && (
        <Tile title="What runs" aside="all on this machine">
          <ul className="runs">
            {parts.map((p) => (
              <li key={p.name}>
                <span>{p.name}</span><span className="mono sm t2">{p.address}</span><span className="sm t2">{p.note}</span>
              </li>
            ))}
          </ul>
        </Tile>
      )}
    </article>
  );
}

function WorldFigures({ signedIn }: { signedIn: boolean }) {
  const me = useMe().data;
  const units = useQuery({ ...unitsQuery(''), enabled: signedIn, retry: false });
  const trades = useQuery({ ...tradesQuery, enabled: signedIn, retry: false });
  const pool = useQuery({ ...poolQuery, enabled: signedIn, retry: false }).data;
  if (!signedIn) return null;
  return (
    <FigureStrip>
      <Figure label="Machines you may see" value={units.data ? int(units.data.length) : <Missing>not read</Missing>} made="found by their agents" />
      <Figure label="Trades" value={trades.data ? int(trades.data.length) : <Missing>not yours to see</Missing>} made={trades.data && `${int(trades.data.filter((t) => t.state === 'released').length)} released`} />
      <Figure label="Work scale" value={int(me?.network.work_scale ?? 1)} made="only what is shown, never work or price" />
      <Figure label="Network" value={me?.network.name ?? ''} made="full consensus checks" />
      <Figure label="Settles every" value={pool ? duration(pool.settlement_period_ms / 1000) : <Missing>not yours to see</Missing>} made="statement, then payout" />
    </FigureStrip>
  );
}

function Steps({ signedIn }: { signedIn: boolean }) {
  const units = useQuery({ ...unitsQuery(''), enabled: signedIn, retry: false }).data;
  const trades = useQuery({ ...tradesQuery, enabled: signedIn, retry: false }).data;
  const steps = stepsOf(units ?? [], trades ?? []);
  const done = steps.filter((s) => s.state === 'done').length;
  return (
    <Tile title="What to do first" aside={signedIn ? `${done} of ${steps.length}` : 'sign in to see how far the world is'}>
      <ol className="steps">
        {steps.map((s) => (
          <li key={s.name} className={`step${s.state === 'done' ? ' done' : ''}${s.state === 'live' && signedIn ? ' here' : ''}`}>
            <Glyph kind={signedIn ? s.state : 'todo'} size={18} label={true} />
            <span>
              <span className="m">{s.name}</span><br />
              <span className="sm t2">{s.about}</span>
            </span>
            <span className="sm t2">{s.state === 'live' && signedIn ? <span className="ac">you are here</span> : ''}</span>
            <Link className={`btn${s.state === 'live' && signedIn ? ' btn-primary' : ''}`} to={s.to}>{s.action}</Link>
          </li>
        ))}
      </ol>
    </Tile>
  );
}
