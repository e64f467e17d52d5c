import type { ReactNode } from 'react';
import { useMe } from '../../api/queries';
import { Tabs } from '../../parts/Tabs';

const TABS = [
  { to: '/desk', name: 'Waiting', end: true, needs: 'house.read' },
  { to: '/desk/verifications', name: 'Organisations', needs: 'verify.decide' },
  { to: '/desk/sanctions', name: 'Sanctions lists', needs: 'verify.decide' },
];

/** The head of the desk's pages, by what the role may see. */
export function DeskTabs({ children }: { children?: ReactNode }) {
  const can = useMe().data?.can ?? [];
  return (
    <header className="page-head">
      <h1>Desk</h1>
      <Tabs label="Desk" tabs={TABS.filter((t) => can.includes(t.needs))} />
      {children && <div className="actions sm t2">{children}</div>}
    </header>
  );
}
