import type { ReactNode } from 'react';
import { useMe } from '../../api/queries';
import { Tabs } from '../../parts/Tabs';
import './org.css';

const TABS = [
  { to: '/organisation', name: 'Members', end: true, needs: 'users.read' },
  { to: '/organisation/verification', name: 'Verification', needs: 'verify.read' },
  { to: '/organisation/webhooks', name: 'Webhooks', needs: 'hooks.write' },
  { to: '/organisation/audit', name: 'Audit trail', needs: 'audit.read' },
];

/** The head of an organisation's own pages, by what the role may see. */
export function OrgTabs({ children }: { children?: ReactNode }) {
  const me = useMe().data;
  return (
    <header className="page-head">
      <h1>{me?.org.name ?? 'Organisation'}</h1>
      <Tabs label="Organisation" tabs={TABS.filter((t) => me?.can.includes(t.needs))} />
      {children && <div className="actions">{children}</div>}
    </header>
  );
}
