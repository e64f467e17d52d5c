import { Tabs } from '../../parts/Tabs';

/** The pages of the fleet. */
export function FleetTabs() {
  return (
    <Tabs
      label="Fleet" tabs={[
        { to: '/fleet', name: 'Machines', end: true },
        { to: '/redirects', name: 'Redirects' },
        { to: '/fleet/units', name: 'On the books' },
      ]}
    />
  );
}
