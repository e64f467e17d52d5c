import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Modal } from '@mantine/core';
import { poolQuery } from '../../api/queries';
import { fixed } from '../../lib/format';
import { Tabs } from '../../parts/Tabs';
import { Connect } from './Connect';
import { methodWords } from './methods';
import './pool.css';

const TABS = [
  { to: '/pool', name: 'Overview', end: true }, { to: '/pool/workers', name: 'Workers' }, { to: '/pool/blocks', name: 'Blocks' },
  { to: '/pool/statements', name: 'Statements' }, { to: '/pool/terms', name: 'Terms' }, { to: '/pool/watchers', name: 'Watchers' },
];

/** The head of the pool's pages: terms, and how to connect. */
export function PoolTabs() {
  const pool = useQuery(poolQuery).data;
  const [open, setOpen] = useState(false);
  return (
    <header className="page-head">
      <h1>Pool</h1>
      <Tabs label="Pool" tabs={TABS} />
      <div className="actions">
        {pool && <span className="t2 sm">FPPS, fee {fixed(pool.fee_ppm / 10_000, 2)} % · {methodWords(pool.fee_method)}</span>}
        <button type="button" className="btn" onClick={() => setOpen(true)}>Connect a miner</button>
      </div>
      <Modal opened={open} onClose={() => setOpen(false)} title="Connect a miner" size={560}>
        <Connect />
      </Modal>
    </header>
  );
}
