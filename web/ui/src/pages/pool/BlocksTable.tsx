import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { poolQuery } from '../../api/queries';
import type { Block } from '../../api/types';
import { btc, int, short } from '../../lib/format';
import { daySecond } from '../../lib/time';
import { Glyph, type GlyphKind } from '../../parts/Glyph';
import { Table } from '../../parts/Table';

const STATES: Record<Block['state'], [GlyphKind, string]> = {
  found: ['live', 'Handed in'], accepted: ['live', 'Accepted'], confirmed: ['done', 'Mature'], rejected: ['wrong', 'Refused by the node'], orphaned: ['off', 'Lost the race'],
};

/** Found blocks with what became of them. */
export function BlocksTable({ rows, keys, open = false }: {
  rows: readonly Block[] | undefined; keys: boolean;
  /** For anybody: no finders, whole amounts in satoshis. */
  open?: boolean;
}) {
  const [at, setAt] = useState('');
  const pool = useQuery({ ...poolQuery, enabled: !open }).data;
  const sats = open || (pool !== undefined && pool.work_scale > 1);
  const state = (b: Block) => {
    const [kind, words] = STATES[b.state];
    return <span title={b.verdict}><Glyph kind={kind} size={11} /> {b.state === 'accepted' ? `${int(b.confirmations)} deep` : words}{b.state === 'rejected' && b.verdict && <span className="t2">: {b.verdict}</span>}</span>;
  };
  return (
    <Table
      label="Blocks" rows={rows} id={(b) => b.hash} at={at} onAt={setAt} keys={keys}
      columns={[
        { head: 'Height', cell: (b) => <b>{int(b.height)}</b>, width: 50 },
        { head: 'Found, UTC', cell: (b) => <span className="t2">{daySecond(b.found_at)}</span>, width: 110 },
        { head: 'Hash', cell: (b) => <span className="mono sm" title={b.hash}>…{b.hash.slice(-12)}</span>, width: 110, wide: true },
        { head: sats ? 'Reward sat' : 'Reward BTC', num: true, cell: (b) => <b>{sats ? int(b.value_sats) : btc(b.value_sats)}</b> },
        ...(open ? [] : [{ head: 'Found by', cell: (b: Block) => (b.unit_id ? <Link className="mono sm" to={`/units/${b.unit_id}`}>{short(b.unit_id)}</Link> : b.worker_id ? <Link className="mono sm" to={`/pool/workers/${b.worker_id}`}>{short(b.worker_id)}</Link> : <span className="t3">another account</span>), wide: true }]),
        { head: 'State', cell: state, width: 80 },
      ]}
    />
  );
}
