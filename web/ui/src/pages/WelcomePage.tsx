import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { mailsQuery } from '../api/org';
import { isFull, useMe, worldQuery } from '../api/queries';
import type { World } from '../api/types';
import { Shell } from '../frame/Shell';
import { usePageTitle } from '../frame/title';
import { fixed, hashrate, int } from '../lib/format';
import { duration } from '../lib/time';
import { LiveProvider } from '../live/LiveProvider';
import { Glyph, type GlyphKind } from '../parts/Glyph';
import { Figure, FigureStrip, Missing, StatusChip, Tile } from '../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../parts/States';
import { useNow } from '../parts/useNow';
import { RoleSignIns } from './RoleSignIns';
import { useSignIn } from './signin';
import { powerOfTen, stepsOf } from './welcome';
import './entry.css';

/** The local world: what to do first, who to be, what runs. */
export function WelcomePage() {
  usePageTitle('Local world');
  const me = useMe();
  const world = useQuery({ ...worldQuery, refetchInterval: 4000 });
  if (world.isPending || me.isPending) return <SkeletonBlock />;
  if (world.isError && !world.data) return <Failed what="The local world does not answer" error={world.error} onRetry={() => void world.refetch()} />;
  const body = !world.data
    ? <Empty title="This is not a local world" action={<Link className="btn" to="/">Go to the start</Link>}>Its welcome page exists only where the world is simulated.</Empty>
    : <Welcome world={world.data} stale={world.isError} />;
  if (isFull(me.data)) return <LiveProvider><Shell>{body}</Shell></LiveProvider>;
  return <Shell>{body}</Shell>;
}

function Welcome({ world, stale }: { world: World; stale: boolean }) {
  const known = useMe().data;
  const me = (isFull(known) && known) || null;
  const signIn = useSignIn();
  const bad = world.parts.filter((p) => p.state === 'failing' || p.state === 'degraded');
  return (
    <article>
      <header className="page-head">
        <h1>Your local world is running</h1>
        {stale
          ? <StatusChip kind="look">does not answer, figures are the last ones</StatusChip>
          : bad.length === 0
            ? <StatusChip kind="done">All {int(world.parts.length)} parts up</StatusChip>
            : <StatusChip kind="look">{bad.map((p) => p.name).join(', ')} not in order</StatusChip>}
        <span className="actions sm t2">stops with Ctrl-C, goes on where it was · <span className="mono">make reset</span> forgets</span>
      </header>
      <WorldFigures world={world} />
      <div className="welcome">
        <Steps progress={world.progress} />
        <Tile title="Sign in by role" aside={me ? `signed in as ${me.org.name}` : 'no sign-in yet'}>
          <RoleSignIns world={world} onPick={(s) => signIn.mutate(s)} busy={signIn.isPending} current={me?.user.email} />
          {signIn.isError && <Failed what="Not signed in" error={signIn.error} />}
        </Tile>
        <Parts parts={world.parts} />
        <Odd odd={world.odd} />
        <Mails />
      </div>
    </article>
  );
}

/** No server takes the local world's mails: they are read here. */
function Mails() {
  const mails = useQuery(mailsQuery).data;
  if (!mails || mails.length === 0) return null;
  return (
    <Tile title="Last mails" aside="written to a folder, not sent" className="welcome-wide">
      <ul className="mails">
        {mails.slice(0, 6).map((m) => (
          <li key={m.id}>
            <span><span className="m">{m.subject}</span> <span className="t2">to {m.to}</span></span>
            {linkIn(m.text) && <a className="btn btn-sm" href={linkIn(m.text)}>Open its link</a>}
          </li>
        ))}
      </ul>
    </Tile>
  );
}

/** The mailed link, on this very server. */
function linkIn(text: string): string {
  const m = /https?:\/\/[^\s/]+(\/(?:join|reset)#[\w-]+)/.exec(text);
  return m?.[1] ?? '';
}

function WorldFigures({ world: { figures: f, progress } }: { world: World }) {
  const now = useNow();
  const rate = hashrate(f.hour_ths * 1e12);
  const unit = rate.unit === 'PH/s' ? 1000 : rate.unit === 'EH/s' ? 1e6 : 1;
  const places = unit === 1 ? 1 : 3;
  return (
    <FigureStrip>
      <Figure label="Chain height" value={int(f.height)} made={`${f.network}, full consensus checks`} />
      <Figure
        label="Last block of ours" value={f.block_at ? duration((now - Date.parse(f.block_at)) / 1000) : <Missing>none yet</Missing>}
        made={f.block_at ? 'ago' : 'the first one takes a minute or two'}
      />
      <Figure label="Machines hashing" value={int(f.sessions)} unit={`of ${int(progress.machines)}`} made="sessions on our pool now" />
      <Figure
        label="Pool-verified, 1 h" accent={f.hour_ths > 0} value={f.hour_ths > 0 ? rate.value : <Missing>no shares yet</Missing>}
        {...(f.hour_ths > 0 && { unit: rate.unit })}
        made={f.hour_ths > 0 && `${fixed(f.lower_ths / unit, places)} to ${fixed(f.upper_ths / unit, places)} at 95 %`}
      />
      <Figure label="Work scale" value={powerOfTen(f.work_scale)} made={f.work_scale === 1e9 ? '100 kH/s counts as 100 TH/s' : 'only what is shown, never work or price'} />
    </FigureStrip>
  );
}

function Steps({ progress }: { progress: World['progress'] }) {
  const steps = stepsOf(progress);
  const done = steps.filter((s) => s.state === 'done').length;
  return (
    <Tile title="What to do first" aside={`${done} of ${steps.length}, about 12 minutes in all`}>
      <ol className="steps">
        {steps.map((s) => (
          <li key={s.name} className={`step${s.state === 'done' ? ' done' : ''}${s.state === 'live' ? ' here' : ''}`}>
            <Glyph kind={s.state} size={18} label={true} />
            <span>
              <span className="m">{s.name}</span><br />
              <span className="sm t2">{s.about}</span>
            </span>
            <span className="sm t2">{s.state === 'live' ? <span className="ac">{s.shows ? `${s.shows} · ` : ''}you are here</span> : s.shows}</span>
            <Link className={`btn${s.state === 'live' ? ' btn-primary' : ''}`} to={s.to}>{s.action}</Link>
          </li>
        ))}
      </ol>
    </Tile>
  );
}

const PART: Record<World['parts'][number]['state'], GlyphKind> = { ok: 'done', standby: 'hold', degraded: 'look', failing: 'wrong' };

function Parts({ parts }: { parts: World['parts'] }) {
  return (
    <Tile title="What runs" aside="all on this machine">
      <ul className="runs">
        {parts.map((p) => (
          <li key={p.name}>
            <span className="runs-name"><Glyph kind={PART[p.state]} size={10} label={p.state} /> {p.name}</span>
            <span className="mono sm t2">{p.address}</span><span className="sm t2">{p.note}</span>
          </li>
        ))}
      </ul>
    </Tile>
  );
}

function Odd({ odd }: { odd: World['odd'] }) {
  return (
    <Tile title="Machines that misbehave on purpose" aside={odd.length > 0 && `${int(odd.length)}, by their own word`}>
      {odd.length === 0 && <Empty>The simulator did not say which. They are still there: see the fleet.</Empty>}
      <ul className="odd">
        {odd.map((m) => (
          <li key={m.name}>
            <span className="runs-name">
              <Glyph kind="look" size={10} />{' '}
              {m.unit ? <Link className="mono" to={`/units/${m.unit}`} title={m.serial}>{m.name}</Link> : <span className="mono">{m.name}</span>}
            </span>
            <span className="sm t2">{m.does}</span><span className="sm odd-reading">{m.reading}</span>
          </li>
        ))}
      </ul>
    </Tile>
  );
}
