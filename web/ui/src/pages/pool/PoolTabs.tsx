import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Modal } from '@mantine/core';
import { poolQuery, useMe } from '../../api/queries';
import { fixed } from '../../lib/format';
import { duration } from '../../lib/time';
import { Copy } from '../../parts/Actions';
import { Line } from '../../parts/Parts';
import { Tabs } from '../../parts/Tabs';
import './pool.css';

const TABS = [
  { to: '/pool', name: 'Overview', end: true }, { to: '/pool/workers', name: 'Workers' }, { to: '/pool/blocks', name: 'Blocks' },
  { to: '/pool/statements', name: 'Statements' },
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
        {pool && <span className="t2 sm">FPPS, fee {fixed(pool.fee_ppm / 10_000, 2)} % · {pool.fee_method} over {pool.fee_window} blocks</span>}
        <button type="button" className="btn" onClick={() => setOpen(true)}>Connect a miner</button>
      </div>
      <Modal opened={open} onClose={() => setOpen(false)} title="Connect a miner" size={560}>
        <Connect />
      </Modal>
    </header>
  );
}

/** What to type into a machine. */
function Connect() {
  const pool = useQuery(poolQuery).data;
  const me = useMe().data;
  if (!pool) return null;
  const user = `${me?.org.slug ?? 'account'}.rig1`;
  return (
    <dl className="pl-connect">
      <Line label="URL"><span className="mono">{pool.stratum_url}</span> <Copy text={pool.stratum_url} label="the URL" /></Line>
      <Line label="User"><span className="mono">{user}</span> <Copy text={user} label="the user" /></Line>
      <Line label="Password"><span className="mono">x</span> <Copy text="x" label="the password" /></Line>
      <p className="t2">The user is <span className="mono">{me?.org.slug ?? 'account'}.worker</span>: your account, a dot, and the name of a worker of yours; any password will do for a worker that has no machine of its own. Machines that the yard redirects get their own user and secret by themselves.</p>
      <p className="t2">Stratum V1, version rolling by BIP 310. Every accepted share is on disk before it is answered, and paid at its job’s rate. Periods last {duration(pool.settlement_period_ms / 1000)}.</p>
    </dl>
  );
}
