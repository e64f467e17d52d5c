import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { Navigate, NavLink, Outlet, useLocation, useNavigate } from 'react-router';
import { isFull, useMe } from '../api/queries';
import { StepUp } from '../pages/account/StepUp';
import { int } from '../lib/format';
import { useEscape, useHotkeys } from '../lib/hotkeys';
import { LiveProvider } from '../live/LiveProvider';
import { Icon, Mark } from '../parts/Icon';
import { Kbd } from '../parts/Parts';
import { Failed, SkeletonBlock } from '../parts/States';
import { usePhone } from '../parts/useNow';
import { chordsFor, jobOf, jobsFor, listOf, type Job } from './jobs';
import { KeysHelp } from './KeysHelp';
import { Palette } from './Palette';
import { StaleStrip } from './StaleStrip';
import { PhoneBar, TopBar } from './TopBar';
import { useCount } from './useCounts';
import './frame.css';

/** The frame of every page behind the sign-in. */
export function SignedIn() {
  const me = useMe();
  const at = useLocation();
  if (me.isPending) return <SkeletonBlock />;
  if (me.isError) return <Failed what="hashyard does not answer" error={me.error} onRetry={() => void me.refetch()} />;
  if (!isFull(me.data)) return <Navigate to={`/signin?next=${encodeURIComponent(at.pathname + at.search)}`} replace />;
  return (
    <LiveProvider>
      <Shell><Outlet /></Shell>
      <StepUp />
    </LiveProvider>
  );
}

/** Rail, top bar and page; on a phone a title bar and a bottom bar. */
export function Shell({ children }: { children: ReactNode }) {
  const phone = usePhone();
  const navigate = useNavigate();
  const can = useCan();
  const [palette, setPalette] = useState(false);
  const [keys, setKeys] = useState(false);
  const client = useQueryClient();
  useHotkeys({
    'mod+k': () => setPalette(true),
    '?': () => setKeys(true),
    ...Object.fromEntries(Object.entries(chordsFor(can)).map(([keys, to]) => [keys, () => void navigate(to)])),
  });
  const list = listOf(useLocation().pathname);
  useEscape(list ? () => void navigate(list) : null);
  // Figures fetched while the tab slept may be old: ask again when it wakes.
  useEffect(() => {
    const fn = () => document.visibilityState === 'visible' && void client.invalidateQueries({ stale: true });
    document.addEventListener('visibilitychange', fn);
    return () => document.removeEventListener('visibilitychange', fn);
  }, [client]);
  return (
    <div className={phone ? 'shell shell-phone' : 'shell'}>
      <a className="skip" href="#page">Skip to the page</a>
      {phone ? <PhoneBar onSearch={() => setPalette(true)} /> : (
        <>
          <Rail onKeys={() => setKeys(true)} />
          <TopBar onSearch={() => setPalette(true)} />
        </>
      )}
      <main id="page" className="page" tabIndex={-1}>
        <StaleStrip />
        {children}
      </main>
      {phone && <nav className="tabs" aria-label="Jobs">{jobsFor(can).map((j) => <JobLink key={j.key} job={j} />)}</nav>}
      <Palette opened={palette} onClose={() => setPalette(false)} />
      <KeysHelp opened={keys} onClose={() => setKeys(false)} />
    </div>
  );
}

const NOBODY: readonly string[] = [];
const useCan = () => useMe().data?.can ?? NOBODY;

function Rail({ onKeys }: { onKeys: () => void }) {
  const can = useCan();
  return (
    <nav className="rail" aria-label="Jobs">
      <NavLink to="/" className="rail-mark" aria-label="hashyard, start"><Mark /></NavLink>
      {jobsFor(can).map((j) => <JobLink key={j.key} job={j} />)}
      <button type="button" className="job rail-keys" onClick={onKeys} aria-label="Keys: what the keyboard does">
        <Kbd>?</Kbd>
        <span>Keys</span>
      </button>
    </nav>
  );
}

function JobLink({ job }: { job: Job }) {
  const waiting = useCount(job);
  const here = jobOf(useLocation().pathname) === job;
  return (
    <NavLink to={job.to} className={`job${here ? ' here' : ''}`} aria-current={here ? 'page' : undefined}>
      <Icon name={job.icon} size={20} />
      <span>{job.name}</span>
      {waiting > 0 && <span className="badge"><span className="sr">, waiting for you: </span>{int(waiting)}</span>}
    </NavLink>
  );
}
