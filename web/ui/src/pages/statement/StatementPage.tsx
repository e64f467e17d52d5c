import { useQueries, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link, useParams } from 'react-router';
import { epochFeesQuery, ledgerOfQuery, payoutsQuery, statementQuery, statementsQuery, useMe } from '../../api/queries';
import type { StatementDetail } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, int, short } from '../../lib/format';
import { daySecond, second } from '../../lib/time';
import { Download } from '../../parts/Actions';
import { Glyph } from '../../parts/Glyph';
import { StatusChip, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { Table } from '../../parts/Table';
import { PoolTabs } from '../pool/PoolTabs';
import { methodWords } from '../pool/methods';
import { Inclusion, Receipt, useSigned, type Signed } from './Receipt';
import { recompute, type FeeBlocks, type Recomputed } from './recompute';
import { asSigned, indexOf, type IndexBlock } from './signed';
import '../list.css';
import './statement.css';

/** One statement, computed again here from its own inputs. */
export default function StatementPage() {
  const { id = '' } = useParams();
  const q = useQuery(statementQuery(id));
  usePageTitle('Statement');
  return (
    <article className="pl">
      <PoolTabs />
      {q.isError && <Failed what="The statement was not read" error={q.error} onRetry={() => void q.refetch()} />}
      {q.isPending && <SkeletonBlock />}
      {q.data && <Detail s={q.data} again={() => void q.refetch()} />}
    </article>
  );
}

function Detail({ s: told, again }: { s: StatementDetail; again: () => void }) {
  const can = useMe().data?.can ?? [];
  const signed = useSigned(told.id);
  const file = signed.file;
  // What was signed counts, not what the page was told.
  const s = useMemo(() => (file ? asSigned(told, file) : told), [told, file]);
  const fees = useQueries({ queries: file ? [] : told.epochs.map((e) => epochFeesQuery(e.epoch)) });
  const ledger = useQuery({ ...ledgerOfQuery('statement', s.id), enabled: can.includes('ledger.read') });
  const credited = !can.includes('ledger.read') || ledger.isError ? null
    : ledger.data && -ledger.data.flatMap((e) => e.postings).filter((p) => p.purpose === 'earnings' && p.org === s.org_id).reduce((n, p) => n + p.amount, 0);
  const indexes = useMemo(() => new Map(file?.statement.rates.map((r) => [r.id, indexOf(r, file.blocks)])), [file]);
  const known = useMemo(() => {
    const out = new Map<string, FeeBlocks>();
    for (const [i, e] of told.epochs.entries()) {
      const x = indexes.get(e.epoch);
      const f = x ? { blocks: x.used, ...(x.fault && { fault: x.fault }) } : fees[i]?.data;
      if (f) out.set(e.epoch, f);
    }
    return out;
  }, [told.epochs, fees, indexes]);
  const r = useMemo(() => recompute(s, known, credited, () => performance.now()), [s, known, credited]);
  return (
    <>
      <Head s={s} r={r} signed={signed} again={again} checking={fees.some((f) => f.isPending) || signed.reading} />
      <div className="sm-body">
        <div className="sm-main">
          <Epochs s={s} />
          <Tile title="Recomputation, from this statement’s own inputs" aside={<>in this browser, {r.ms < 1 ? 'under 1' : Math.round(r.ms)} ms; same as <span className="mono">hashyard statement verify</span></>}>
            <table className="grid ruled sm-lines" aria-label="Recomputation">
              <tbody>
                {r.lines.map((l, i) => (
                  <tr key={l.name} className={l.ok ? (i === r.lines.length - 1 ? 'sm-credited' : '') : 'sm-wrong'}>
                    <td className="t3">{i + 1}</td><td className="m">{l.name}</td>
                    <td className="mono sm t2 sm-formula">{l.why ? <span className="bad">{l.why}</span> : l.formula}</td>
                    <td className="num b">{l.figure} <span className="t2 sm">sat</span></td>
                    <td><Glyph kind={l.ok ? 'done' : 'wrong'} size={13} label={l.ok ? 'equal' : 'wrong'} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Tile>
          <Workers s={s} signed={signed} />
        </div>
        <aside className="sm-side" aria-label="Inputs and payment">
          {s.epochs.map((e, i) => {
            const x = indexes.get(e.epoch);
            return <FeeIndex key={e.epoch} n={s.epochs.length > 1 ? i + 1 : 0} rate={e} blocks={x?.used ?? fees[i]?.data?.blocks} cut={x?.cut ?? NONE} failed={fees[i]?.error} />;
          })}
          <Receipt id={s.id} signed={signed} />
          <WhereItWent s={s} credited={credited} />
        </aside>
      </div>
    </>
  );
}

const NONE: readonly IndexBlock[] = [];

function Head({ s, r, signed, again, checking }: { s: StatementDetail; r: Recomputed; signed: Signed; again: () => void; checking: boolean }) {
  const wrong = r.lines.find((l) => !l.ok)?.why ?? signed.checks.find((c) => c.ok === false)?.why;
  const all = useQuery(statementsQuery).data ?? [];
  const at = all.findIndex((x) => x.id === s.id);
  const to = (i: number) => (all[i] ? `/pool/statements/${all[i].id}` : '');
  return (
    <header className="sm-head">
      {to(at + 1) ? <Link className="btn" to={to(at + 1)} aria-label="The one before">‹</Link> : <span className="btn" aria-hidden>‹</span>}
      <div><h2 className="m">{daySecond(s.from)} – {second(s.to)} UTC</h2><p className="t2 sm">statement <span className="mono">{short(s.id, 8, 4)}</span> · settled {daySecond(s.settled_at)}</p></div>
      {at > 0 ? <Link className="btn" to={to(at - 1)} aria-label="The one after">›</Link> : <span className="btn" aria-hidden>›</span>}
      <dl className="sm-figures">
        <div><dt className="sm t2">Shares</dt><dd className="figure-value">{int(s.shares)}</dd></div>
        <div><dt className="sm t2">Credited</dt><dd className="figure-value">{int(s.net_sats)} <span className="sm t2">sat</span></dd></div>
      </dl>
      <span role="status">{checking ? <StatusChip kind="live">Recomputing</StatusChip> : !wrong ? <StatusChip kind="done">Recomputed here, equal to the satoshi</StatusChip>
        : <StatusChip kind="wrong">Not equal: {wrong}</StatusChip>}</span>
      <Download href={`/api/v1/pool/statements/${s.id}/statement.json`}>JSON</Download>
      <Download href={`/api/v1/pool/statements/${s.id}/statement.csv`}>CSV</Download>
      <button type="button" className="btn btn-primary" onClick={again}>Recompute again</button>
    </header>
  );
}

function Epochs({ s }: { s: StatementDetail }) {
  return (
    <Tile title="Rate epochs" aside="a new one when difficulty, subsidy or the period changes">
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Rate epochs, to scroll">
        <table className="grid ruled" aria-label="Rate epochs">
          <thead><tr><th>Epoch</th><th>Period, UTC</th><th className="num">Difficulty</th><th className="num">Subsidy sat</th><th className="num">Fees sat ÷ blocks</th><th className="num">Σ work, 2⁻³²</th><th className="num">From height</th></tr></thead>
          <tbody>
            {s.epochs.map((e, i) => (
              <tr key={e.epoch}>
                <td>{i + 1}</td><td>{daySecond(e.period_start)} – {second(e.period_end)}</td>
                <td className="num">{e.difficulty >= 1e9 ? `${fixed(e.difficulty / 1e12, 2)} T` : fixed(e.difficulty, e.difficulty < 100 ? 6 : 0)}</td>
                <td className="num">{int(e.subsidy_sats)}</td><td className="num">{int(e.fee_sum_sats)} ÷ {int(e.fee_count)}</td>
                <td className="num mono">{int(s.workers.flatMap((w) => w.lines).filter((l) => l.epoch === e.epoch).reduce((n, l) => n + BigInt(l.work), 0n))}</td>
                <td className="num t2">{int(e.height)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Tile>
  );
}

function Workers({ s, signed }: { s: StatementDetail; signed: Signed }) {
  const [at, setAt] = useState('');
  return (
    <Tile title="Workers" aside={`${int(s.workers.length)} with work`}>
      {s.workers.length === 0 ? <Empty>No worker had work in this period.</Empty> : (
        <Table
          label="Workers of the statement" rows={s.workers} id={(w) => w.worker_id} at={at} onAt={setAt}
          columns={[
            { head: 'Worker', cell: (w) => <Link className="mono" to={`/pool/workers/${w.worker_id}`}>{w.user}</Link> },
            { head: 'Shares', num: true, cell: (w) => int(w.shares) },
            { head: 'Σ work, 2⁻³²', num: true, cell: (w) => <span className="mono">{int(w.work)}</span>, wide: true },
            { head: 'Its part, sat', num: true, cell: (w) => <b>{part(w.net_exact)}</b> },
            { head: 'Machine', cell: (w) => (w.unit_id ? <Link className="mono sm" to={`/units/${w.unit_id}`}>{short(w.unit_id)}</Link> : <span className="t3">none</span>), wide: true },
            { head: 'Receipt', cell: (w) => <Inclusion statement={s.id} worker={w.worker_id} file={signed.file} />, wide: true },
          ]}
        />
      )}
    </Tile>
  );
}

function part(exact: string): string {
  const [n = '0', d = '1'] = exact.split('/');
  const t = (BigInt(n) * 1000n) / BigInt(d);
  return `${int(t / 1000n)}.${String(t % 1000n).padStart(3, '0')}`;
}

/** The blocks whose fees are the index, as bars; what the trim left out is marked. */
function FeeIndex({ rate, blocks: used, cut, failed, n }: {
  rate: StatementDetail['epochs'][number]; blocks: readonly { hash: string; height: number; fees_sats: number }[] | undefined; cut: readonly IndexBlock[]; failed: unknown; n: number;
}) {
  const title = n ? `Fee index of epoch ${n}` : 'Fee index';
  if (failed) return <Tile title={title}><Failed what="The index was not read" error={failed} /></Tile>;
  if (!used) return <Tile title={title}><SkeletonBlock height={100} /></Tile>;
  const out = new Set(cut.map((b) => b.hash));
  const blocks = [...used, ...cut].sort((a, b) => a.height - b.height);
  const most = Math.max(1, ...blocks.map((b) => b.fees_sats));
  const mean = rate.fee_count ? rate.fee_sum_sats / rate.fee_count : 0;
  return (
    <Tile title={title} aside={`${int(blocks.length)} blocks${cut.length ? `, ${int(used.length)} used` : ''}`}>
      <div className="sm-fees">
        {blocks.length === 0 ? <p className="t2">No block before it paid fees; the rate is the subsidy alone.</p> : (
          <>
            <svg viewBox={`0 0 ${blocks.length * 4} 80`} preserveAspectRatio="none" role="img" aria-label={`Fees of ${blocks.length} blocks, ${cut.length} left out, mean ${Math.round(mean)} sat`}>
              {blocks.map((b, i) => <rect key={b.hash} x={i * 4} width="3" y={80 - (b.fees_sats / most) * 78} height={(b.fees_sats / most) * 78 + 1} fill={out.has(b.hash) ? 'none' : 'var(--t3)'} stroke={out.has(b.hash) ? 'var(--warnf)' : 'none'} vectorEffect="non-scaling-stroke"><title>{`${b.height}: ${b.fees_sats} sat${out.has(b.hash) ? ', left out' : ''}, ${b.hash}`}</title></rect>)}
              <path d={`M0 ${80 - (mean / most) * 78}h${blocks.length * 4}`} stroke="var(--ac)" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
            </svg>
            <p className="sm t2 sm-ends"><span>{int(blocks[0]?.height ?? 0)}</span><span className="ac">mean {fixed(mean, 1)} sat</span><span>{int(blocks.at(-1)?.height ?? 0)}</span></p>
            <p className="sm t2">{cut.length ? `The ${cut.length / 2} highest and the ${cut.length / 2} lowest are left out` : 'None is left out'}: {methodWords(rate.fee_method)}. Read back from <span className="mono">…{rate.fee_tip_hash.slice(-10)}</span>.</p>
          </>
        )}
      </div>
    </Tile>
  );
}

/** Credited, and the payouts since: earnings are paid together, not by statement. */
function WhereItWent({ s, credited }: { s: StatementDetail; credited: number | null | undefined }) {
  const can = useMe().data?.can.includes('payout.read') ?? false;
  const payouts = useQuery({ ...payoutsQuery, enabled: can });
  const after = payouts.data?.filter((p) => Date.parse(p.requested_at) >= Date.parse(s.settled_at)).at(-1);
  return (
    <Tile title="Where it went">
      <ul className="sm-went">
        <li><Glyph kind={credited === s.net_sats ? 'done' : 'todo'} size={12} /> Credited to the account’s earnings <span className="num">{int(s.net_sats)} <span className="t2 sm">sat</span></span></li>
        {!can ? <li className="t2">Payouts are for other roles to read.</li> : after ? (
          <li><Glyph kind={after.state === 'confirmed' ? 'done' : 'live'} size={12} /> <Link to={`/money/payouts?at=${after.id}`}>First payout since</Link> <span className="t2">{after.state.replaceAll('_', ' ')}</span> <span className="num">{int(after.amount_sats)} <span className="t2 sm">sat</span></span></li>
        ) : <li><Glyph kind="todo" size={12} /> No payout since; it waits on the account.</li>}
      </ul>
    </Tile>
  );
}
