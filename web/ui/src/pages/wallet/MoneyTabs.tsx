import type { ReactNode } from 'react';
import { useMe } from '../../api/queries';
import { Tabs } from '../../parts/Tabs';
import './wallet.css';

/** The head of the money pages, by what the role may see. */
export function MoneyTabs({ title = 'Money', children }: { title?: string; children?: ReactNode }) {
  const can = useMe().data?.can ?? [];
  const tabs = [
    { to: '/money', name: 'Wallet and ledger', end: true, needs: 'ledger.read' },
    { to: '/money/payouts', name: 'Payouts', needs: 'payout.read' }, { to: '/treasury', name: 'Treasury', needs: 'treasury.read' },
  ].filter((t) => can.includes(t.needs));
  return (
    <header className="page-head">
      <h1>{title}</h1>
      <Tabs label="Money" tabs={tabs} />
      {children && <div className="actions">{children}</div>}
    </header>
  );
}
