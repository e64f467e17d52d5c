import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/client';
import { deliveriesQuery, webhooksQuery } from '../../api/org';
import { useMe } from '../../api/queries';
import type { NewWebhook, Webhook, WebhookDelivery } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { daySecond, dayYear, duration } from '../../lib/time';
import { Confirm, Copy } from '../../parts/Actions';
import type { GlyphKind } from '../../parts/Glyph';
import { StatusChip, Tile } from '../../parts/Parts';
import { Denied, Empty, Failed, SkeletonBlock } from '../../parts/States';
import { Table, type Column } from '../../parts/Table';
import { useNow } from '../../parts/useNow';
import { OrgTabs } from './OrgTabs';
import { RoleBoxes } from './RoleBoxes';
import { capital } from './roles';

/** Where the organisation's events are sent, and whether they arrived. */
export default function WebhooksPage() {
  usePageTitle('Webhooks');
  const may = useMe().data?.can.includes('hooks.write') ?? false;
  const q = useQuery({ ...webhooksQuery, enabled: may });
  const [at, setAt] = useState('');
  if (!may) return <><OrgTabs /><Denied needs="webhooks are for the owner role" /></>;
  const live = q.data?.filter((h) => !h.removed_at) ?? [];
  const here = q.data?.find((h) => h.id === at) ?? live[0];
  return (
    <article className="og">
      <OrgTabs />
      {q.isError && <Failed what="Webhooks were not read" error={q.error} onRetry={() => void q.refetch()} />}
      <div className="og-body">
        <section className="og-main">
          <Tile title="Webhooks" aside={q.data && `${int(live.length)} of 10`}>
            {q.isPending && <SkeletonBlock height={60} />}
            {q.data?.length === 0 && <Empty>No webhook yet. Each event that a chosen role may read is sent to its address, signed.</Empty>}
            <ul className="og-hooks">
              {live.map((h) => <Hook key={h.id} hook={h} here={h.id === here?.id} onPick={() => setAt(h.id)} />)}
            </ul>
          </Tile>
          {here && <Deliveries hook={here} />}
        </section>
        <aside className="og-side" aria-label="New webhook"><Add /></aside>
      </div>
    </article>
  );
}

function Hook({ hook, here, onPick }: { hook: Webhook; here: boolean; onPick: () => void }) {
  const client = useQueryClient();
  const [asking, ask] = useState(false);
  const remove = useMutation({
    mutationFn: () => call('DELETE', `/webhooks/${hook.id}`),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['webhooks'] }),
    onSettled: () => ask(false),
  });
  return (
    <li className={here ? 'here' : undefined}>
      <button type="button" className="row-pick mono og-break" aria-pressed={here} onClick={onPick}>{hook.url}</button>
      <span className="sm t2">reads as {hook.roles.map(capital).join(', ')} · since {dayYear(hook.created_at)}</span>
      <button type="button" className="btn btn-sm" onClick={() => ask(true)}>Remove</button>
      {remove.isError && <Failed what="Not removed" error={remove.error} />}
      <Confirm opened={asking} title="Remove this webhook?" does="Remove it" bad busy={remove.isPending} onYes={() => remove.mutate()} onNo={() => ask(false)}>
        <p className="mono og-break">{hook.url}</p>
        <p className="t2">What is queued for it is not sent any more.</p>
      </Confirm>
    </li>
  );
}

function Add() {
  const client = useQueryClient();
  const [url, setURL] = useState('');
  const [roles, setRoles] = useState<string[]>([]);
  const add = useMutation({
    mutationFn: () => call<NewWebhook>('POST', '/webhooks', { body: { url: url.trim(), roles } }),
    onSuccess: () => {
      setURL('');
      setRoles([]);
      void client.invalidateQueries({ queryKey: ['webhooks'] });
    },
  });
  return (
    <Tile title="New webhook" aside="https, public address">
      <form className="og-form" onSubmit={(ev: SyntheticEvent) => { ev.preventDefault(); add.mutate(); }}>
        <label className="sm t2">Address
          <input className="input mono" type="url" required maxLength={2000} placeholder="https://" value={url} spellCheck={false} autoComplete="off" onChange={(ev) => setURL(ev.currentTarget.value)} /></label>
        <RoleBoxes legend="It is told what these roles may read" roles={roles} onChange={setRoles} />
        <p className="sm t2">Roles that read the pool are told <span className="mono">worker.online</span>, <span className="mono">worker.slow</span> and <span className="mono">worker.silent</span> as workers change.</p>
        <button type="submit" className="btn btn-primary" disabled={roles.length === 0 || add.isPending}>Add it</button>
        {add.data?.secret && (
          <div className="og-secret" role="status">
            <p className="m">Its secret, told this once</p>
            <p className="mono og-break">{add.data.secret} <Copy text={add.data.secret} label="the secret" /></p>
            <p className="sm t2">Hashyard-Signature is t=seconds,v1=HMAC-SHA256 over “t.body” with it. Refuse what is older than five minutes.</p>
          </div>
        )}
        {add.isError && <Failed what="Not added" error={add.error} />}
      </form>
    </Tile>
  );
}

const GLYPHS: Record<WebhookDelivery['state'], GlyphKind> = { queued: 'live', delivered: 'done', dead: 'wrong' };

function Deliveries({ hook }: { hook: Webhook }) {
  const client = useQueryClient();
  const now = useNow(1000);
  const q = useQuery(deliveriesQuery(hook.id));
  const [at, setAt] = useState('');
  const again = useMutation({
    mutationFn: (d: WebhookDelivery) => call('POST', `/webhooks/${hook.id}/deliveries/${d.id}/redeliver`),
    onSettled: () => void client.invalidateQueries({ queryKey: ['webhooks', hook.id] }),
  });
  const columns: Column<WebhookDelivery>[] = [
    { head: 'At, UTC', width: 90, cell: (d) => <span className="t2">{daySecond(d.created_at)}</span> },
    { head: 'Event', width: 110, cell: (d) => <span className="mono">{d.kind}</span> },
    { head: 'State', width: 80, cell: (d) => <StatusChip kind={GLYPHS[d.state]}>{capital(d.state)}</StatusChip> },
    { head: 'Answer', width: 160, wide: true, cell: (d) => (d.error ? <span className="warn">{d.error}</span> : d.status ? `${d.status}` : <span className="t3">not tried yet</span>) },
    { head: 'Took', width: 50, num: true, wide: true, cell: (d) => (d.tried_at ? `${int(d.took_ms ?? 0)} ms` : '') },
    { head: 'Tries', width: 40, num: true, cell: (d) => int(d.attempts) },
    { head: 'Next', width: 60, num: true, wide: true, cell: (d) => (d.state === 'queued' ? `in ${duration(Math.max(0, Date.parse(d.due_at) - now) / 1000)}` : <button type="button" className="btn btn-sm" disabled={again.isPending} onClick={() => again.mutate(d)}>Send again</button>) },
  ];
  return (
    <Tile title="Deliveries" aside="of 30 days, newest first">
      {q.isError && <Failed what="Deliveries were not read" error={q.error} onRetry={() => void q.refetch()} />}
      {again.isError && <Failed what="Not sent again" error={again.error} />}
      {q.data?.length === 0 && <Empty>Nothing was sent to it yet: it is told the next event.</Empty>}
      {!q.isError && q.data?.length !== 0 && <Table label="Deliveries" columns={columns} rows={q.data} id={(d) => d.id} at={at} onAt={setAt} />}
    </Tile>
  );
}
