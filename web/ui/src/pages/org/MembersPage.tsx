import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/client';
import { invitationsQuery, membersQuery } from '../../api/org';
import { useMe } from '../../api/queries';
import type { Invitation, User } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { dayMinute, dayYear, duration } from '../../lib/time';
import type { GlyphKind } from '../../parts/Glyph';
import { StatusChip, Tile } from '../../parts/Parts';
import { Denied, Empty, Failed } from '../../parts/States';
import { Table, type Column } from '../../parts/Table';
import { useNow } from '../../parts/useNow';
import { OrgTabs } from './OrgTabs';
import { RoleBoxes } from './RoleBoxes';
import { capital } from './roles';

/** Who is in the organisation, what they may do, and who is asked to join. */
export default function MembersPage() {
  usePageTitle('Members');
  const me = useMe().data;
  const may = me?.can.includes('users.read') ?? false;
  const write = me?.can.includes('users.write') ?? false;
  const users = useQuery({ ...membersQuery, enabled: may });
  const invited = useQuery({ ...invitationsQuery, enabled: may });
  const [at, setAt] = useState('');
  if (!may) return <><OrgTabs /><Denied needs="members are for the owner and viewer roles" /></>;
  const here = users.data?.find((u) => u.id === at) ?? users.data?.[0];
  return (
    <article className="og">
      <OrgTabs />
      <div className="og-body">
        <section className="og-main">
          <Tile title="Members" aside={users.data && int(users.data.length)}>
            {users.isError && <Failed what="Members were not read" error={users.error} onRetry={() => void users.refetch()} />}
            {!users.isError && <Table label="Members" columns={COLUMNS} rows={users.data} id={(u) => u.id} at={here?.id ?? ''} onAt={setAt} />}
          </Tile>
          <Invitations list={invited.data} error={invited.error} write={write} />
        </section>
        <aside className="og-side" aria-label="Member and invitation">
          {here && <Member key={`${here.id} ${here.version}`} user={here} write={write} self={here.id === me?.user.id} />}
          {write && <Invite />}
        </aside>
      </div>
    </article>
  );
}

const COLUMNS: Column<User>[] = [
  { head: 'Name', width: 110, cell: (u) => <span className="m">{u.name}</span> },
  { head: 'E-mail', width: 160, wide: true, cell: (u) => <span className="t2">{u.email}</span> },
  { head: 'Roles', width: 120, cell: (u) => u.roles.map(capital).join(', ') },
  { head: 'Access', width: 80, cell: (u) => (u.disabled ? <StatusChip kind="off">Disabled</StatusChip> : <StatusChip kind="done">Active</StatusChip>) },
  { head: 'Member since', width: 80, num: true, wide: true, cell: (u) => <span className="t2">{dayYear(u.created_at)}</span> },
];

function Member({ user, write, self }: { user: User; write: boolean; self: boolean }) {
  const client = useQueryClient();
  const [roles, setRoles] = useState<string[]>(user.roles);
  const [name, setName] = useState(user.name);
  const change = useMutation({
    mutationFn: (disabled: boolean) => call<User>('PUT', `/users/${user.id}`, { body: { name, roles, disabled, version: user.version } }),
    onSuccess: () => {
      for (const k of ['users', 'invitations', 'me']) void client.invalidateQueries({ queryKey: [k] });
    },
  });
  const same = name === user.name && roles.length === user.roles.length && roles.every((r) => user.roles.includes(r));
  return (
    <Tile title={user.name} aside={self ? 'you' : user.email}>
      <form className="og-form" onSubmit={(ev) => { ev.preventDefault(); change.mutate(user.disabled); }}>
        <label className="sm t2">Name
          <input className="input" value={name} maxLength={120} required disabled={!write} onChange={(ev) => setName(ev.currentTarget.value)} /></label>
        {write ? <RoleBoxes legend="Roles" roles={roles} onChange={setRoles} /> : <p>{user.roles.map(capital).join(', ')}</p>}
        {write && (
          <div className="og-go">
            <button type="submit" className="btn btn-primary" disabled={same || roles.length === 0 || change.isPending}>Save</button>
            <button type="button" className={user.disabled ? 'btn' : 'btn btn-bad'} disabled={change.isPending} onClick={() => change.mutate(!user.disabled)}>
              {user.disabled ? 'Give access back' : 'Disable'}
            </button>
          </div>
        )}
        {write && !user.disabled && <p className="sm t2">Disabling ends their sessions and revokes the keys and invitations they made.</p>}
        {!write && <p className="sm t2">Only the owner role changes members.</p>}
        {change.isError && <Failed what="Nothing was changed" error={change.error} />}
      </form>
    </Tile>
  );
}

function Invite() {
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [roles, setRoles] = useState<string[]>([]);
  const invite = useMutation({
    mutationFn: () => call<Invitation>('POST', '/invitations', { body: { email: email.trim(), roles } }),
    onSuccess: () => {
      setEmail('');
      setRoles([]);
      void client.invalidateQueries({ queryKey: ['invitations'] });
    },
  });
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    invite.mutate();
  };
  return (
    <Tile title="Invite somebody" aside="a link by mail, 72 h, once">
      <form className="og-form" onSubmit={submit}>
        <label className="sm t2">E-mail
          <input className="input" type="email" required maxLength={254} value={email} autoComplete="off" onChange={(ev) => setEmail(ev.currentTarget.value)} /></label>
        <RoleBoxes legend="Roles they get" roles={roles} onChange={setRoles} />
        <button type="submit" className="btn btn-primary" disabled={roles.length === 0 || invite.isPending}>{invite.isPending ? 'Writing' : 'Send the invitation'}</button>
        {invite.isSuccess && <p className="sm ok" role="status">The mail to {invite.data.email} is on its way.</p>}
        {invite.isError && <Failed what="Nobody was invited" error={invite.error} />}
      </form>
    </Tile>
  );
}

const GLYPHS: Record<Invitation['state'], GlyphKind> = { open: 'live', accepted: 'done', expired: 'hold', revoked: 'off' };

function Invitations({ list, error, write }: { list: Invitation[] | undefined; error: Error | null; write: boolean }) {
  const client = useQueryClient();
  const now = useNow(30_000);
  const act = useMutation({
    mutationFn: ({ i, again }: { i: Invitation; again: boolean }) =>
      again ? call('POST', `/invitations/${i.id}/resend`) : call('DELETE', `/invitations/${i.id}`),
    onSettled: () => void client.invalidateQueries({ queryKey: ['invitations'] }),
  });
  const rows = list?.toReversed();
  return (
    <Tile title="Invitations" aside={list && `${int(list.filter((i) => i.state === 'open').length)} open`}>
      {error && <Failed what="Invitations were not read" error={error} />}
      {act.isError && <Failed what="The invitation is as it was" error={act.error} />}
      {rows?.length === 0 && <Empty>Nobody was invited yet.</Empty>}
      {rows && rows.length > 0 && (
        <div className="scroll-x">
          <table className="grid ruled" aria-label="Invitations">
            <thead><tr><th>E-mail</th><th>Roles</th><th>State</th><th className="num">Mails</th><th className="num">Last mail, UTC</th><th><span className="sr">Actions</span></th></tr></thead>
            <tbody>
              {rows.map((i) => (
                <tr key={i.id}>
                  <td>{i.email}</td>
                  <td className="t2">{i.roles.map(capital).join(', ')}</td>
                  <td><StatusChip kind={GLYPHS[i.state]}>{capital(i.state)}</StatusChip>
                    {i.state === 'open' && <span className="sm t2"> {duration(Math.max(0, Date.parse(i.expires_at) - now) / 1000)} left</span>}</td>
                  <td className="num">{int(i.sends)}</td>
                  <td className="num t2">{dayMinute(i.sent_at)}</td>
                  <td className="num">
                    {write && (i.state === 'open' || i.state === 'expired') && (
                      <>
                        <button type="button" className="btn btn-sm" disabled={act.isPending} onClick={() => act.mutate({ i, again: true })}>Send again</button>{' '}
                        <button type="button" className="btn btn-sm" disabled={act.isPending} onClick={() => act.mutate({ i, again: false })}>Revoke</button>
                      </>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Tile>
  );
}
