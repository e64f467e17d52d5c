import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/client';
import { watchLinksQuery } from '../../api/pool';
import { useMe } from '../../api/queries';
import type { MadeWatchLink, WatchLink } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { dayMinute } from '../../lib/time';
import { Confirm, Copy } from '../../parts/Actions';
import { StatusChip, Tile } from '../../parts/Parts';
import { Denied, Empty, Failed } from '../../parts/States';
import { Table } from '../../parts/Table';
import { useNow } from '../../parts/useNow';
import { PoolTabs } from './PoolTabs';
import '../org/org.css';
import './pool.css';

/** Links with which people without an account watch this one. */
export default function WatchersPage() {
  usePageTitle('Watcher links');
  const may = useMe().data?.can.includes('pool.write') ?? false;
  if (!may) return <article className="pl"><PoolTabs /><Denied needs="watcher links are for the operator, trader and owner roles" /></article>;
  return (
    <article className="pl">
      <PoolTabs />
      <div className="pl-two">
        <section className="pl-main"><Links /></section>
        <aside className="pl-aside" aria-label="New watcher link"><Add /></aside>
      </div>
    </article>
  );
}

function Links() {
  const client = useQueryClient();
  const now = useNow(10_000);
  const q = useQuery(watchLinksQuery);
  const [at, setAt] = useState('');
  const [asking, ask] = useState<WatchLink | null>(null);
  const revoke = useMutation({
    mutationFn: (l: WatchLink) => call('DELETE', `/pool/watch-links/${l.id}`),
    onSettled: () => { ask(null); void client.invalidateQueries({ queryKey: ['pool', 'links'] }); },
  });
  const live = q.data?.filter((l) => works(l, now)).length ?? 0;
  return (
    <Tile title="Watcher links" aside={q.data && `${int(live)} open, ${int(q.data.length - live)} ended`}>
      {q.isError && <Failed what="Links were not read" error={q.error} onRetry={() => void q.refetch()} />}
      {revoke.isError && <Failed what="Not revoked" error={revoke.error} kept="The link still opens." />}
      {q.data?.length === 0 ? <Empty title="No link yet">Whoever has one sees this account’s hashrate without signing in, and can change nothing.</Empty> : !q.isError && (
        <Table
          label="Watcher links" rows={q.data} id={(l) => l.id} at={at} onAt={setAt}
          columns={[
            { head: 'Name', width: 120, cell: (l) => <b>{l.name}</b> },
            { head: 'State', width: 80, cell: (l) => l.revoked_at ? <StatusChip kind="off">Revoked</StatusChip> : works(l, now) ? <StatusChip kind="live">Open</StatusChip> : <StatusChip kind="off">Expired</StatusChip> },
            { head: 'Shows', wide: true, cell: (l) => <span className="t2">{['hashrate', l.workers && 'workers', l.earnings && 'statements'].filter(Boolean).join(', ')}</span> },
            { head: 'Until, UTC', wide: true, cell: (l) => <span className="t2">{dayMinute(l.revoked_at ?? l.expires_at)}</span> },
            { head: 'Last opened, UTC', wide: true, cell: (l) => <span className="t2">{l.used_at ? dayMinute(l.used_at) : 'never'}</span> },
            { head: '', num: true, cell: (l) => works(l, now) && <button type="button" className="btn btn-sm" aria-label={`Revoke ${l.name}`} onClick={() => ask(l)}>Revoke</button> },
          ]}
        />
      )}
      <Confirm opened={asking !== null} title="Revoke this link?" does="Revoke it" bad busy={revoke.isPending} onYes={() => asking && revoke.mutate(asking)} onNo={() => ask(null)}>
        <p className="m">{asking?.name}</p>
        <p className="t2">Whoever has it sees nothing more, at once. It cannot be opened again; make another.</p>
      </Confirm>
    </Tile>
  );
}

const works = (l: WatchLink, now: number) => !l.revoked_at && Date.parse(l.expires_at) > now;

function Add() {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [days, setDays] = useState('30');
  const [workers, setWorkers] = useState(true);
  const [earnings, setEarnings] = useState(false);
  const add = useMutation({
    mutationFn: () => call<MadeWatchLink>('POST', '/pool/watch-links', { body: { name: name.trim(), workers, earnings, expires_in_days: Number(days) } }),
    onSuccess: () => { setName(''); void client.invalidateQueries({ queryKey: ['pool', 'links'] }); },
  });
  const address = add.data?.token && `${window.location.origin}/watch#${add.data.token}`;
  return (
    <Tile title="New watcher link" aside="read only">
      <form className="og-form" onSubmit={(ev: SyntheticEvent) => { ev.preventDefault(); add.mutate(); }}>
        <label className="sm t2">Who it is for
          <input className="input" required maxLength={80} value={name} autoComplete="off" onChange={(ev) => setName(ev.currentTarget.value)} /></label>
        <label className="sm t2">It ends after
          <select className="input" value={days} onChange={(ev) => setDays(ev.currentTarget.value)}><option value="1">1 day</option><option value="7">7 days</option><option value="30">30 days</option><option value="366">366 days</option></select></label>
        <fieldset className="og-roles">
          <legend className="sm t2">Besides the account’s hashrate it shows</legend>
          <label><input type="checkbox" checked={workers} onChange={(ev) => setWorkers(ev.currentTarget.checked)} /> workers one by one</label>
          <label><input type="checkbox" checked={earnings} onChange={(ev) => setEarnings(ev.currentTarget.checked)} /> statements, with what they paid</label>
        </fieldset>
        <button type="submit" className="btn btn-primary" disabled={add.isPending}>Make it</button>
        {address && (
          <div className="og-secret" role="status">
            <p className="m">The link, told this once</p>
            <p className="mono og-break">{address} <Copy text={address} label="the link" /></p>
            <p className="sm t2">What is behind the # is never sent to a server as part of an address. Only its hash is kept here.</p>
          </div>
        )}
        {add.isError && <Failed what="Not made" error={add.error} />}
      </form>
    </Tile>
  );
}
