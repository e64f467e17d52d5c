import type { ReactNode } from 'react';
import { NavLink } from 'react-router';

/** Pages of one job, as links in its head. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly { to: string; name: ReactNode; end?: boolean }[] }) {
  return (
    <nav className="page-tabs" aria-label={label}>
      {tabs.map((t) => (
        <NavLink key={t.to} to={t.to} end={t.end ?? false} className={({ isActive }) => (isActive ? 'page-tab here' : 'page-tab')}>
          {t.name}
        </NavLink>
      ))}
    </nav>
  );
}
