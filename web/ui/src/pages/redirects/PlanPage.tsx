import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { call } from '../../api/client';
import { planQuery, useMe } from '../../api/queries';
import type { PlanUnit, RedirectPlan } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, int, percent } from '../../lib/format';
import { useHotkeys } from '../../lib/hotkeys';
import { dayMinute, second } from '../../lib/time';
import { Confirm } from '../../parts/Actions';
import { Glyph } from '../../parts/Glyph';
import { Segments, StatusChip, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { Table, type Column } from '../../parts/Table';
import { usePhone } from '../../parts/useNow';
import { offLadder } from '../miner/ladder';
import { ladderOf, meterOf, OFF, rungOf, shows, STATES, waveName, type Rung, type Show } from './plan';
import './redirects.css';

/** One plan: its waves, the rule that halts it, where each machine is and why. */
export default function PlanPage() {
  const { id = '' } = useParams();
  const plan = useQuery(planQuery(id));
  usePageTitle('Redirect');
  if (plan.isPending) return <SkeletonBlock height={400} label="Loading the plan" />;
  if (plan.isError) return <Failed what="No such plan to see" error={plan.error} onRetry={() => void plan.refetch()} />;
  return <Board p={plan.data} />;
}

type Verb = 'halt' | 'resume' | 'roll-back';

function Board({ p }: { p: RedirectPlan }) {
  const phone = usePhone();
  const navigate = useNavigate();
  const may = useMe().data?.can.includes('fleet.redirect') ?? false;
  const client = useQueryClient();
  const [asking, setAsking] = useState<Verb | null>(null);
  const off = OFF.reduce((n, r) => n + (p.counts[r] ?? 0), 0);
  const [picked, setShow] = useState<Show | null>(null);
  const [only, setOnly] = useState<Rung | null>(null);
  const [at, setAt] = useState('');
  const show = picked ?? (off > 0 ? 'off' : 'all');
  const units = (p.units ?? []).filter((u) => (only ? u.state === only : shows(p.kind, show, u.state)));
  const act = useMutation({
    mutationFn: (verb: Verb) => call<RedirectPlan>('POST', `/redirect-plans/${p.id}/${verb}`),
    onSuccess: (got) => { setAsking(null); if (got.id !== p.id) void navigate(`/redirects/${got.id}`); },
    onSettled: () => void client.invalidateQueries({ queryKey: ['plans'] }),
  });
  useHotkeys({ 'Shift+h': () => may && p.state === 'running' && setAsking('halt') });
  const [kind, word] = STATES[p.state];
  const here = units.find((u) => u.miner_id === at) ?? units[0];
  const count = (s: Show) => (p.units ?? []).filter((u) => shows(p.kind, s, u.state)).length;
  return (
    <article className="rd">
      <header className="page-head rd-head">
        <h1>{p.kind === 'redirect' ? 'Redirect' : 'Restore'} <span className="mono">{p.id.slice(-6)}</span></h1>
        <StatusChip kind={kind}>{word}{p.state === 'running' && `, wave ${p.wave} of ${p.waves.length}`}</StatusChip>
        <span className="about">{int(p.total)} {p.total === 1 ? 'machine' : 'machines'} {p.kind === 'redirect' ? 'to our pool' : 'back to their old pools'} · begun {dayMinute(p.created_at)}
          {p.rolls_back && <> · undoes <Link className="mono" to={`/redirects/${p.rolls_back}`}>{p.rolls_back.slice(-6)}</Link></>}
        </span>
        {may && (
          <div className="mn-do">
            {p.state === 'running' && <button type="button" className="btn btn-bad" onClick={() => setAsking('halt')}>Halt now {!phone && <kbd className="kbd">⇧H</kbd>}</button>}
            {p.state === 'halted' && <button type="button" className="btn btn-primary" onClick={() => setAsking('resume')}>Resume</button>}
            {p.kind === 'redirect' && (p.state === 'halted' || p.state === 'done') && <button type="button" className="btn" onClick={() => setAsking('roll-back')}>Roll back</button>}
          </div>
        )}
      </header>
      {p.state === 'halted' && (
        <div className="strip strip-warn strip-flush" role="status">
          <Glyph kind="hold" size={12} label="halted" /><span className="b">Halted {p.halted_by ? 'by hand' : 'by its own rule'}{p.halted_at && `, ${second(p.halted_at)}`}</span>
          <span className="t2">{p.halted_by ? 'Nothing new is commanded; what an agent has goes on to its end.' : `${p.reason ?? ''}.`}</span>
        </div>
      )}
      <Waves p={p} />
      <div className="rd-body">
        <Tile title="Machines by state" className="rd-states" aside={`${int(p.total)} in all`}>
          <ul className="rd-ladder">
            {ladderOf(p.kind).map((r) => <Count key={r} p={p} r={r} on={only === r} onPick={() => setOnly(only === r ? null : r)} />)}
            <li className="sm t3 rd-off">Off the ladder</li>
            {OFF.map((r) => <Count key={r} p={p} r={r} on={only === r} onPick={() => setOnly(only === r ? null : r)} />)}
          </ul>
        </Tile>
        <Tile
          title={only ? rungOf(p.kind, only)[1] : show === 'off' ? `${off} off the ladder, and why` : 'Machines'} className="rd-list"
          aside={<Segments label="Which machines" on={only ? [] : [show]} onPick={(v) => { setOnly(null); setShow(v); }} options={[
            { value: 'off', label: `Off ${count('off')}` }, { value: 'flight', label: `In flight ${count('flight')}` }, { value: 'done', label: `Done ${count('done')}` }, { value: 'all', label: 'All' },
          ]} />}
        >
          {units.length === 0 ? <Empty>No machine is {only ? 'in this state' : show === 'off' ? 'off the ladder' : 'here'}.</Empty>
            : <Table label="Machines of the plan" columns={columnsOf(p)} rows={units} id={(u) => u.miner_id} at={here?.miner_id ?? ''} onAt={setAt} onOpen={(u) => void navigate(`/miners/${u.miner_id}`)} />}
          {here && <Compare u={here} kind={p.kind} />}
        </Tile>
      </div>
      <Confirm
        opened={asking !== null} bad={asking !== 'resume'} busy={act.isPending} does={asking === 'halt' ? 'Halt' : asking === 'resume' ? 'Resume' : 'Roll back'}
        title={asking === 'halt' ? 'Halt this plan' : asking === 'resume' ? 'Resume this plan' : 'Roll this plan back'}
        onYes={() => asking && act.mutate(asking)} onNo={() => { act.reset(); setAsking(null); }}
      >
        <p>{asking === 'halt' ? 'Nothing new is commanded and what no agent has yet is taken back. What an agent has goes on to its end.'
          : asking === 'resume' ? 'The failures seen so far are taken as they are; one more of this wave halts it again.'
          : 'Another plan writes the old pools back, wave by wave, to every machine that was or may have been written to.'}</p>
        {act.isError && <Failed what="Not done" error={act.error} />}
      </Confirm>
    </article>
  );
}

function Waves({ p }: { p: RedirectPlan }) {
  const m = meterOf(p);
  return (
    <div className="rd-waves">
      {p.waves.map((w) => {
        const begun = w.wave <= p.wave;
        const kind = !begun ? 'todo' : w.open > 0 ? 'live' : w.bad > 0 ? 'look' : 'done';
        return (
          <section key={w.wave} className="rd-wave" aria-label={`${waveName(w.wave)}, ${w.total} machines`}>
            <div className="fl-alert-head"><span className="m"><Glyph kind={kind} size={12} /> {waveName(w.wave)}</span><span className="t2">{int(w.total)}</span></div>
            <div className="rd-bar" role="presentation">
              <span className="good" style={{ width: `${(w.good / w.total) * 100}%` }} />
              <span className="bad" style={{ width: `${(w.bad / w.total) * 100}%` }} />
              {begun && <span className="open" style={{ width: `${(w.open / w.total) * 100}%` }} />}
            </div>
            <p className="sm t2">{!begun ? `starts when ${waveName(w.wave - 1).toLowerCase()} is through` : `${w.good} done${w.bad > 0 ? `, ${w.bad} off` : ''}${w.open > 0 ? `, ${w.open} under way` : ''}`}</p>
          </section>
        );
      })}
      <section className="rd-wave rd-meter" aria-label="Halt rule">
        <div className="fl-alert-head"><span className="m">Halt rule{p.wave > 0 && `, ${waveName(p.wave).toLowerCase()}`}</span>
          <span className={m && m.bad > 0 ? 'warn-text b' : 't2'}>{m ? `${percent(m.share)} % of ${fixed(m.limit * 100, 1)} %` : `limit ${fixed(p.halt_ppm / 10_000, 1)} %`}</span>
        </div>
        <div className="rd-bar rd-bar-rule" role="presentation">
          <span className="meter" style={{ width: `${m ? Math.min(100, m.limit > 0 ? (m.share / m.limit) * 90 : m.share > 0 ? 100 : 0) : 0}%` }} /><i />
        </div>
        <p className="sm t2">{m ? `${m.bad} failed, blocked or unknown of ${m.total}. ${p.state !== 'running' ? '' : m.left <= 0 ? 'One more halts it by itself.' : `${m.left + 1} more halt it by itself.`}` : 'Failed, blocked and unknown count alike.'}</p>
      </section>
    </div>
  );
}

function Count({ p, r, on, onPick }: { p: RedirectPlan; r: Rung; on: boolean; onPick: () => void }) {
  const [kind, word, means] = rungOf(p.kind, r);
  const n = p.counts[r] ?? 0;
  return (
    <li>
      <button type="button" className="rd-count" aria-pressed={on} onClick={onPick}>
        <Glyph kind={n === 0 ? 'todo' : kind} size={13} /><span><span className={n > 0 ? 'm' : 't2'}>{word}</span><span className="sm t2 rd-means">{means}</span></span><span className="rd-n">{int(n)}</span>
      </button>
    </li>
  );
}

function columnsOf(p: RedirectPlan): readonly Column<PlanUnit>[] {
  return [
    { head: 'Serial', cell: (u) => <Link className="mono" to={`/miners/${u.miner_id}`}>{u.serial}</Link> },
    { head: 'Wave', wide: true, cell: (u) => waveName(u.wave) },
    { head: 'State', cell: (u) => <><Glyph kind={rungOf(p.kind, u.state)[0]} size={10} /> {rungOf(p.kind, u.state)[1]}</> },
    { head: 'Why', wide: true, cell: (u) => <span className="t2 rd-why" title={u.cause}>{u.cause}</span> },
    { head: 'Next', wide: true, cell: (u) => <span className="t2 rd-why" title={nextOf(u)}>{nextOf(u)}</span> },
    { head: 'Last', num: true, wide: true, cell: (u) => (u.at ? second(u.at) : <span className="t2">not begun</span>) },
  ];
}

function nextOf(u: PlanUnit): string {
  if (!OFF.includes(u.state)) return '';
  return offLadder({ state: 'failed', ...(u.cause && { reason: u.cause }) })?.next ?? '';
}

/** Wanted against read back, slot by slot. */
function Compare({ u, kind }: { u: PlanUnit; kind: RedirectPlan['kind'] }) {
  const r = u.redirect;
  if (!r) return <p className="rd-compare t2"><span className="mono">{u.serial}</span> {u.cause ?? 'has not been commanded yet'}</p>;
  const slots = [...new Set([...r.wanted, ...r.read_back].map((s) => s.slot))].sort((a, b) => a - b);
  return (
    <section className="rd-compare" aria-label="Wanted against read back">
      <div className="fl-alert-head"><span className="b mono">{u.serial}</span><span className="sm t2">wanted against read back{u.at && `, ${second(u.at)}`}</span></div>
      {u.cause && <p>{u.cause}</p>}
      {nextOf(u) && <p className="t2">{nextOf(u)}</p>}
      <table className="grid">
        <thead><tr><th>Slot</th><th>Wanted</th><th>Read back</th></tr></thead>
        <tbody>
          {slots.map((n) => {
            const w = r.wanted.find((s) => s.slot === n);
            const b = r.read_back.find((s) => s.slot === n);
            const differs = r.differences.some((d) => d.startsWith(`slot ${n}:`));
            return (
              <tr key={n} className={differs ? 'mn-differs' : undefined}>
                <td>{n}</td>
                <td className="mono sm rd-wrap">{w?.url ? `${w.url} · ${w.user}` : kind === 'restore' ? 'as it was kept' : 'empty'}</td>
                <td className="mono sm rd-wrap">{b === undefined ? <span className="t2">not read back</span> : <><Glyph kind={differs ? 'wrong' : 'done'} size={10} label={differs ? 'differs' : 'as wanted'} /> {b.url ? `${b.url} · ${b.user}` : 'empty'}</>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
