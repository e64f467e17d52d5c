import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState, type DragEvent } from 'react';
import { call, newKey } from '../../api/client';
import { useMe } from '../../api/queries';
import type { Import } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { int } from '../../lib/format';
import { Glyph } from '../../parts/Glyph';
import { Denied, Failed } from '../../parts/States';
import { LogisticsTabs } from './LogisticsTabs';
import '../list.css';

/** A list of machines is read, shown row by row, and only then taken in. */
export default function ImportPage() {
  usePageTitle('Take machines in');
  const me = useMe().data;
  const client = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const [name, setName] = useState('');
  const key = useRef('');
  const check = useMutation({
    mutationFn: (f: File) => call<Import>('POST', '/units/import/check', { body: f }),
    onMutate: (f) => {
      setName(f.name);
      key.current = newKey();
      take.reset();
    },
  });
  const take = useMutation({
    mutationFn: (im: Import) => call<Import>('POST', '/units/import', {
      body: { rows: im.rows.filter((r) => !r.problem).map(({ serial, mac, model, shelf }) => ({ serial, mac, model, shelf })) }, idempotencyKey: key.current,
    }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['units'] }),
  });
  if (me && !me.can.includes('units.write')) return <><LogisticsTabs /><Denied needs="taking machines in needs the operator, trader or owner role" /></>;
  const im = check.data;
  const good = im ? im.new + im.known : 0;
  const drop = (ev: DragEvent) => {
    ev.preventDefault();
    const f = ev.dataTransfer.files[0];
    if (f) check.mutate(f);
  };
  return (
    <article className="logistics">
      <LogisticsTabs />
      <section className="bn-drop" onDragOver={(ev) => ev.preventDefault()} onDrop={drop} aria-label="A list of machines">
        <input
          ref={picker} type="file" className="sr" tabIndex={-1} aria-label="List of machines, CSV or XLSX" accept=".csv,.xlsx,text/csv"
          onChange={(ev) => {
            const f = ev.currentTarget.files?.[0];
            ev.currentTarget.value = '';
            if (f) check.mutate(f);
          }}
        />
        <button type="button" className="btn btn-primary" onClick={() => picker.current?.click()} disabled={check.isPending}>{check.isPending ? 'Reading' : 'Choose a list'}</button>
        <span className="t2">CSV or XLSX with a column Serial; MAC, Model and Shelf if you have them. 5,000 machines and 4 MB at most, values only. Or drop it here.</span>
        <a className="btn" href="/api/v1/exports/units.csv" download>Your machines as CSV</a>
      </section>
      {check.isError && <Failed what="The list was not read" error={check.error} kept="Nothing was taken in." />}
      {take.isError && <Failed what="Not all were taken in" error={take.error} kept="Those that were are kept; trying again adds none twice." onRetry={() => im && take.mutate(im)} />}
      {take.isSuccess && (
        <div className="strip" role="status"><Glyph kind="done" size={12} /> <span className="b">{int(take.data.new)} machines taken in</span>
          <span className="t2">{int(take.data.known)} were yours already. They can be listed once an agent has seen them.</span></div>
      )}
      {im && (
        <>
          <header className="bn-bulk">
            <span className="m">{name}</span>
            <span><Glyph kind="done" size={11} /> {int(im.new)} new</span>
            <span className="t2"><Glyph kind="todo" size={11} /> {int(im.known)} yours already</span>
            <span className={im.wrong ? 'bad' : 't2'}><Glyph kind={im.wrong ? 'wrong' : 'off'} size={11} /> {int(im.wrong)} left out</span>
            <button type="button" className="btn btn-primary" disabled={good === 0 || take.isPending || take.isSuccess} onClick={() => take.mutate(im)}>Take {int(good)} in</button>
          </header>
          <div className="scroll-y">
            <table className="grid ruled" aria-label="Rows of the list">
              <thead><tr><th className="num">Row</th><th>Serial</th><th>MAC</th><th>Model</th><th>Shelf</th><th>What becomes of it</th></tr></thead>
              <tbody>
                {[...im.rows].sort((a, b) => Number(!a.problem) - Number(!b.problem)).slice(0, 500).map((r) => (
                  <tr key={r.line}>
                    <td className="num t2">{int(r.line)}</td><td className="mono">{r.serial}</td><td className="mono sm">{r.mac}</td><td>{r.model}</td><td>{r.shelf}</td>
                    <td>{r.problem ? <><Glyph kind="wrong" size={11} /> <span className="bad">{r.problem}</span></> : r.known ? <span className="t2">yours already</span> : 'new'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {im.rows.length > 500 && <p className="bn-note t2">The first 500 rows are shown, those left out before the others.</p>}
          </div>
        </>
      )}
    </article>
  );
}
