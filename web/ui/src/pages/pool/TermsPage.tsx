import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { call } from '../../api/client';
import { bitcoinPricesQuery, poolAccountsQuery, reserveQuery } from '../../api/pool';
import { useMe } from '../../api/queries';
import type { PoolAccount } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, int, percent, usd } from '../../lib/format';
import { dayMinute, dayYear } from '../../lib/time';
import { Line, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { Table } from '../../parts/Table';
import { METHODS, methodWords } from './methods';
import { PoolTabs } from './PoolTabs';
import '../org/org.css';
import './pool.css';

const fee = (ppm: number) => `${fixed(ppm / 10_000, 2)} %`;

/** What accounts pay and by which fee index, dated; for the house also the price and the reserve. */
export default function TermsPage() {
  usePageTitle('Terms');
  const can = useMe().data?.can ?? [];
  const house = can.includes('pool.terms');
  const q = useQuery(poolAccountsQuery);
  const [at, setAt] = useState('');
  const here = q.data?.find((a) => a.id === at) ?? q.data?.[0];
  return (
    <article className="pl">
      <PoolTabs />
      {q.isError && <Failed what="Terms were not read" error={q.error} onRetry={() => void q.refetch()} />}
      <div className="pl-two">
        <section className="pl-main">
          <Tile title="Accounts" aside={q.data && int(q.data.length)}>
            {q.data?.length === 0 ? <Empty title="No account yet">It is made with its first worker.</Empty> : !q.isError && (
              <Table
                label="Accounts" rows={q.data} id={(a) => a.id} at={here?.id ?? ''} onAt={setAt}
                columns={[
                  { head: 'Account', width: 120, cell: (a) => <span className="mono m">{a.name}</span> },
                  { head: 'Fee now', num: true, cell: (a) => <b>{fee(a.fee_ppm)}</b> },
                  { head: 'Fee index', cell: (a) => <span className="t2">{methodWords(a.fee_method)}</span>, wide: true },
                  { head: 'Set', num: true, cell: (a) => (a.terms.length ? `${int(a.terms.length)} times` : <span className="t3">the pool’s own</span>), wide: true },
                  { head: 'Since', num: true, cell: (a) => <span className="t2">{dayYear(a.created_at)}</span>, wide: true },
                ]}
              />
            )}
          </Tile>
          {here && <History a={here} />}
        </section>
        <aside className="pl-aside" aria-label={house ? 'Set terms and price' : 'The price of bitcoin'}>
          {house && here && <SetTerms key={here.id} a={here} />}
          <Price house={house} />
          {house && <Reserve />}
        </aside>
      </div>
    </article>
  );
}

function History({ a }: { a: PoolAccount }) {
  const [at, setAt] = useState('');
  return (
    <Tile title={<>Terms of <span className="mono">{a.name}</span></>} aside="a period is priced by those that hold when it begins">
      {a.terms.length === 0 ? <Empty>None were set for it: the pool’s own hold, {fee(a.fee_ppm)} and {methodWords(a.fee_method)}.</Empty> : (
        <Table
          label="Terms" rows={[...a.terms].reverse()} id={(t) => t.id} at={at} onAt={setAt} keys={false}
          columns={[
            { head: 'From, UTC', cell: (t) => dayMinute(t.from) }, { head: 'Fee', num: true, cell: (t) => <b>{fee(t.fee_ppm)}</b> }, { head: 'Fee index', cell: (t) => methodWords(t.fee_method) },
            { head: 'Why', wide: true, cell: (t) => <span className="t2">{t.note}</span> }, { head: 'Set, UTC', num: true, wide: true, cell: (t) => <span className="t2">{dayMinute(t.set_at)}</span> },
          ]}
        />
      )}
    </Tile>
  );
}

function SetTerms({ a }: { a: PoolAccount }) {
  const client = useQueryClient();
  const [pct, setPct] = useState(fixed(a.fee_ppm / 10_000, 2));
  const [method, setMethod] = useState(a.fee_method);
  const [from, setFrom] = useState('');
  const [note, setNote] = useState('');
  const set = useMutation({
    mutationFn: () => call('POST', `/pool/accounts/${a.id}/terms`, { body: { fee_ppm: Math.round(Number(pct) * 10_000), fee_method: method, note: note.trim(), ...(from && { from: new Date(`${from}Z`).toISOString() }) } }),
    onSuccess: () => { setNote(''); void client.invalidateQueries({ queryKey: ['pool', 'accounts'] }); },
  });
  return (
    <Tile title={<>Set terms of <span className="mono">{a.name}</span></>}>
      <form className="og-form" onSubmit={(ev: SyntheticEvent) => { ev.preventDefault(); set.mutate(); }}>
        <label className="sm t2">Fee, %<input className="input num" type="number" min="0" max="100" step="0.0001" required value={pct} onChange={(ev) => setPct(ev.currentTarget.value)} /></label>
        <label className="sm t2">Fee index
          <select className="input" value={method} onChange={(ev) => setMethod(ev.currentTarget.value)}>{Object.keys(METHODS).map((m) => <option key={m} value={m}>{methodWords(m)}</option>)}</select></label>
        <label className="sm t2">From, UTC; empty is now<input className="input" type="datetime-local" value={from} onChange={(ev) => setFrom(ev.currentTarget.value)} /></label>
        <label className="sm t2">Why, for the trail<input className="input" maxLength={200} value={note} onChange={(ev) => setNote(ev.currentTarget.value)} /></label>
        <button type="submit" className="btn btn-primary" disabled={set.isPending}>Set them</button>
        {set.isSuccess && <p role="status" className="ok">Set. Periods that begin from then on are priced so.</p>}
        {set.isError && <Failed what="Not set" error={set.error} />}
      </form>
    </Tile>
  );
}

function Price({ house }: { house: boolean }) {
  const client = useQueryClient();
  const q = useQuery(bitcoinPricesQuery);
  const last = q.data?.at(-1);
  const [dollars, setDollars] = useState('');
  const [source, setSource] = useState('');
  const set = useMutation({
    mutationFn: () => call('POST', '/pool/prices', { body: { cents_per_btc: Math.round(Number(dollars) * 100), source: source.trim() } }),
    onSuccess: () => { setDollars(''); void client.invalidateQueries({ queryKey: ['pool'] }); },
  });
  return (
    <Tile title="Price of bitcoin" aside="stated by hand">
      {q.isError && <Failed what="Prices were not read" error={q.error} />}
      {q.isPending ? <SkeletonBlock height={40} /> : <p className="pl-note">{last ? <><b>{usd(last.cents_per_btc)}</b> <span className="t2">by {last.source}, {dayMinute(last.at)} UTC</span></> : <span className="t2">None was stated, so nothing is shown in dollars.</span>}</p>}
      {house && (
        <form className="og-form" onSubmit={(ev: SyntheticEvent) => { ev.preventDefault(); set.mutate(); }}>
          <label className="sm t2">Dollars a bitcoin<input className="input num" type="number" min="0.01" step="0.01" required value={dollars} onChange={(ev) => setDollars(ev.currentTarget.value)} /></label>
          <label className="sm t2">Where it is from<input className="input" required maxLength={120} value={source} onChange={(ev) => setSource(ev.currentTarget.value)} /></label>
          <button type="submit" className="btn" disabled={set.isPending}>State it</button>
          {set.isError && <Failed what="Not stated" error={set.error} />}
        </form>
      )}
    </Tile>
  );
}

/** What paying per share may cost before luck evens out. */
function Reserve() {
  const [sats, setSats] = useState('');
  const q = useQuery(reserveQuery(sats));
  const r = q.data;
  const chance = (p: number) => (p < 0.0001 ? 'below 0.01 %' : `${percent(p, 2)} %`);
  return (
    <Tile title="Reserve" aside="for paying whatever the luck">
      <form className="og-form" onSubmit={(ev) => ev.preventDefault()}><label className="sm t2">Held back, sat<input className="input num" inputMode="numeric" pattern="[0-9]*" value={sats} onChange={(ev) => setSats(ev.currentTarget.value.replace(/\D/g, ''))} /></label></form>
      {q.isError && <Failed what="The reserve was not worked out" error={q.error} />}
      {r && (
        <dl className="pl-lines">
          <Line label={`Needed for ever, δ ${r.delta}`}>{int(r.needed_sats)} sat</Line>
          <Line label="By the published limit">{int(r.rosenfeld_sats)} sat</Line>
          <Line label="Used up ever">{chance(r.ruin_ever)}</Line>
          {r.month && <Line label={`Used up in ${r.month.days} d`}>{chance(r.month.ruin)}</Line>}
          {r.year && <Line label={`Used up in ${r.year.days} d`}>{chance(r.year.ruin)}</Line>}
          <Line label="Blocks expected">{fixed(r.blocks_per_day, 3)} a day</Line>
        </dl>
      )}
      {r?.notes.map((n) => <p key={n} className="pl-note t2 sm">{n}</p>)}
    </Tile>
  );
}
