import { Menu, useMantineColorScheme } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useLocation, useNavigate } from 'react-router';
import { call } from '../api/client';
import { meQuery, useMe } from '../api/queries';
import { dayYear, second } from '../lib/time';
import { int } from '../lib/format';
import { useLive } from '../live/LiveProvider';
import { Glyph } from '../parts/Glyph';
import { Icon, Mark } from '../parts/Icon';
import { Kbd } from '../parts/Parts';
import { useNow } from '../parts/useNow';
import { jobOf } from './jobs';
import { useTitle } from './title';

export function TopBar({ onSearch }: { onSearch: () => void }) {
  const me = useMe().data;
  return (
    <header className="top">
      <button type="button" className="search" onClick={onSearch} aria-keyshortcuts="Meta+K Control+K">
        <Icon name="search" size={15} />
        <span>Serial, MAC, order, trade, txid, block</span>
        <Kbd>⌘K</Kbd>
      </button>
      <div className="top-right sm">
        {me && <LiveRing />}
        {me?.test_mode && <span className="chip chip-warn">Test mode</span>}
        <Clock />
        {me && <Who />}
        <SchemeSwitch />
      </div>
    </header>
  );
}

export function PhoneBar({ onSearch }: { onSearch: () => void }) {
  const title = useTitle();
  const job = jobOf(useLocation().pathname);
  return (
    <header className="phone-bar">
      <Who phone />
      <h1>{title || job?.name || 'hashyard'}</h1>
      <SchemeSwitch />
      <button type="button" className="icon-btn" onClick={onSearch} aria-label="Search"><Icon name="search" /></button>
    </header>
  );
}

function LiveRing() {
  const live = useLive();
  if (live.status === 'live') {
    return (
      <span className="live" role="status" aria-label="live">
        <Glyph kind="live" size={10} /> <span className="t2">live</span>
        <span className="t3 live-seq" aria-hidden>
          {live.seq > 0 && `seq ${int(live.seq)}`}
          {live.lagMs !== null && ` · ${int(Math.min(live.lagMs, 99_999))} ms`}
        </span>
      </span>
    );
  }
  return (
    <span className="live" role="status">
      <Glyph kind={live.status === 'stale' ? 'look' : 'todo'} size={10} />
      <span className={live.status === 'stale' ? 'warn' : 't2'}>{live.status === 'stale' ? 'not live' : 'connecting'}</span>
    </span>
  );
}

function Clock() {
  const now = useNow();
  return (
    <time className="t2 top-clock" dateTime={new Date(now).toISOString()}>
      {dayYear(now)} <span className="mono t1">{second(now)}</span> UTC
    </time>
  );
}

function Who({ phone }: { phone?: boolean }) {
  const me = useMe().data;
  const client = useQueryClient();
  const navigate = useNavigate();
  if (!me) return phone ? <Mark size={22} /> : null;
  const signOut = async () => {
    try {
      await call('DELETE', '/session');
    } finally {
      client.clear();
      client.setQueryData(meQuery.queryKey, null);
      void navigate('/signin');
    }
  };
  return (
    <Menu position={phone ? 'bottom-start' : 'bottom-end'} width={240}>
      <Menu.Target>
        <button type="button" className={phone ? 'icon-btn' : 'who'} aria-label={`${me.org.name}, ${me.roles.join(', ')}: account`}>
          {phone ? <Mark size={22} /> : (
            <>
              <span className="m t1">{me.org.name}</span> <span className="t2">{me.roles.map(title).join(', ')}</span>
            </>
          )}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {phone && <Menu.Label>{me.org.name}, {me.roles.join(', ')}{me.test_mode && ' · test mode'}</Menu.Label>}
        <Menu.Label>{[me.user.name, me.user.email].filter(Boolean).join(' · ')}</Menu.Label>
        {ORG.filter((o) => me.can.includes(o.needs)).slice(0, 1).map((o) => <Menu.Item key={o.to} onClick={() => void navigate(o.to)}>Organisation</Menu.Item>)}
        <Menu.Item onClick={() => void navigate('/account/security')}>Security</Menu.Item>
        <Menu.Item onClick={() => void navigate('/welcome')}>Welcome page</Menu.Item>
        <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** The first of the organisation's pages that the role may see. */
const ORG = [{ to: '/organisation', needs: 'users.read' }, { to: '/organisation/verification', needs: 'verify.read' }, { to: '/organisation/audit', needs: 'audit.read' }];

const title = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);

export function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const other = colorScheme === 'dark' ? 'light' : 'dark';
  return (
    <button type="button" className="icon-btn" onClick={() => setColorScheme(other)} aria-label={`Switch to ${other}`}>
      <Icon name="scheme" size={17} />
    </button>
  );
}
