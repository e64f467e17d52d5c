import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call, query } from '../../api/client';
import { listsQuery } from '../../api/org';
import { useMe } from '../../api/queries';
import type { SanctionsList } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { dayMinute, dayYear } from '../../lib/time';
import { Tile } from '../../parts/Parts';
import { Denied, Empty, Failed } from '../../parts/States';
import { Table, type Column } from '../../parts/Table';
import { DeskTabs } from './DeskTabs';
import '../org/org.css';
import './desk.css';

/** The sanctions lists there are, and the import of another. */
export default function SanctionsPage() {
  usePageTitle('Sanctions lists');
  const may = useMe().data?.can.includes('verify.decide') ?? false;
  const q = useQuery({ ...listsQuery, enabled: may });
  const [at, setAt] = useState('');
  if (!may) return <><DeskTabs /><Denied needs="sanctions lists are for the desk role" /></>;
  return (
    <article className="og">
      <DeskTabs />
      <div className="og-body">
        <section className="og-main">
          <Tile title="Lists" aside="the newest of each source counts; all are kept">
            {q.isError && <Failed what="Lists were not read" error={q.error} onRetry={() => void q.refetch()} />}
            {q.data?.length === 0 && <Empty>No list was imported: no organisation is held against one.</Empty>}
            {!q.isError && q.data?.length !== 0 && <Table label="Sanctions lists" columns={COLUMNS} rows={q.data} id={(l) => l.id} at={at} onAt={setAt} />}
          </Tile>
        </section>
        <aside className="og-side" aria-label="Import"><Import /></aside>
      </div>
    </article>
  );
}

const COLUMNS: Column<SanctionsList>[] = [
  { head: 'Source', width: 100, cell: (l) => <span className="m">{l.source}</span> },
  { head: 'Of', width: 80, cell: (l) => dayYear(l.dated) },
  { head: 'Entries', width: 60, num: true, cell: (l) => int(l.entries) },
  { head: 'Imported, UTC', width: 100, num: true, cell: (l) => <span className="t2">{dayMinute(l.imported_at)}</span> },
];

function Import() {
  const client = useQueryClient();
  const [source, setSource] = useState('OFAC SDN');
  const [dated, setDated] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const up = useMutation({
    mutationFn: (f: File) => call<SanctionsList>('POST', `/sanctions/lists${query({ source, dated })}`, { body: f }),
    onSettled: () => {
      for (const k of ['sanctions', 'verifications', 'desk', 'turns']) void client.invalidateQueries({ queryKey: [k] });
    },
  });
  return (
    <Tile title="Import a list" aside="OFAC’s sdn.csv, at most 32 MiB">
      <form className="og-form" onSubmit={(ev: SyntheticEvent) => { ev.preventDefault(); if (file) up.mutate(file); }}>
        <label className="sm t2">File
          <input type="file" accept=".csv,text/csv" required onChange={(ev) => setFile(ev.currentTarget.files?.[0] ?? null)} /></label>
        <label className="sm t2">Whose list
          <input className="input" required maxLength={40} value={source} onChange={(ev) => setSource(ev.currentTarget.value)} /></label>
        <label className="sm t2">The day it is of
          <input className="input" type="date" required value={dated} onChange={(ev) => setDated(ev.currentTarget.value)} /></label>
        <button type="submit" className="btn btn-primary" disabled={!file || up.isPending}>{up.isPending ? 'Importing' : 'Import and check everyone'}</button>
        {up.data && <p className="sm ok" role="status">{int(up.data.entries)} entries; every organisation and owner was held against them.</p>}
        {up.isError && <Failed what="Nothing was imported" error={up.error} />}
        <p className="sm t2">Names match when their words are the same, or close enough by letters: 88 % and above. A match suspends the organisation until you clear it.</p>
      </form>
    </Tile>
  );
}
