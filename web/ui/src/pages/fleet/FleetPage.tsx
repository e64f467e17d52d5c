import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { query } from '../../api/client';
import { fleetMapQuery, fleetSummaryQuery, machinesQuery, sitesQuery, useMe } from '../../api/queries';
import type { FleetSummary, Machine, PlanKind, Site } from '../../api/types';
import { usePageTitle } from '../../frame/title';
import { fixed, hashrate, int, percent, sat } from '../../lib/format';
import { useHotkeys } from '../../lib/hotkeys';
import { duration } from '../../lib/time';
import { Download } from '../../parts/Actions';
import { Glyph } from '../../parts/Glyph';
import { Figure, FigureStrip, Kbd, Missing, Segments, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonBlock } from '../../parts/States';
import { BulkBar, Table, type Column } from '../../parts/Table';
import { useNow, usePhone } from '../../parts/useNow';
import { AddSite } from './AddSite';
import { Alerts } from './Alerts';
import { FleetTabs } from './FleetTabs';
import { PlanDialog } from '../redirects/PlanDialog';
import { HEALTHS, placeOf, plusMinus } from './health';
import { RackMap, type MapShows } from './RackMap';
import '../list.css';
import './fleet.css';

/** A site at a glance: figures, the map of its racks, machines worst first,
 *  and what is wrong. */
export default function FleetPage() {
  usePageTitle('Fleet');
  const phone = usePhone();
  const navigate = useNavigate();
  const may = useMe().data?.can.includes('fleet.redirect') ?? false;
  const [site, setSite] = useState('');
  const [rack, setRack] = useState('');
  const [text, setText] = useState('');
  const [attention, setAttention] = useState(false);
  const [shows, setShows] = useState<MapShows>('hashrate');
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState('');
  const [planning, setPlanning] = useState<PlanKind | null>(null);
  const [adding, setAdding] = useState(false);
  const filter = useRef<HTMLInputElement>(null);
  const q = useDeferredValue(text.trim());
  const sites = useQuery(sitesQuery);
  const summary = useQuery(fleetSummaryQuery(site));
  const map = useQuery({ ...fleetMapQuery(site), placeholderData: (old) => old });
  const machines = useQuery({ ...machinesQuery({ site, rack, q, attention }), placeholderData: (old) => old });
  const plan = (kind: PlanKind) => { if (may && picked.size > 0) setPlanning(kind); };
  useHotkeys({ f: () => filter.current?.focus(), r: () => plan('redirect'), b: () => plan('restore') });
  const open = (id: string) => void navigate(`/miners/${id}`);
  const rows = machines.data?.rows;
  const filtered = rack !== '' || q !== '' || attention;
  const none = summary.data?.machines === 0;
  const clear = () => { setText(''); setRack(''); setAttention(false); };
  return (
    <article className="fleet">
      <header className="page-head">
        {!phone && <h1>Fleet</h1>}
        <FleetTabs />
        <div className="actions">
          <Agents sites={sites.data} />
          {may && <button type="button" className="btn" onClick={() => setAdding(true)}>Add a site</button>}
        </div>
      </header>
      {sites.data && sites.data.length > 1 && (
        <div className="fl-sites">
          <Segments
            label="Site" on={[site]} onPick={(v) => { setSite(v); setRack(''); setPicked(new Set()); }}
            options={[{ value: '', label: 'All sites' }, ...sites.data.map((s) => ({ value: s.id, label: s.name }))]}
          />
        </div>
      )}
      {summary.isError ? <Failed what="Figures not read" error={summary.error} onRetry={() => void summary.refetch()} /> : <Figures s={summary.data} phone={phone} />}
      <div className="fl-body">
        <div className="fl-main">
          {none && !filtered
            ? <NoMachines sites={sites.data} onAdd={may ? () => setAdding(true) : undefined} />
            : (
              <>
                {!phone && (
                  <Tile
                    title={rack || 'Racks'} className="fl-map-tile"
                    aside={<Segments label="The map shows" on={[shows]} onPick={setShows} options={[{ value: 'hashrate', label: '% of nominal' }, { value: 'temp', label: 'Chip °C' }]} />}
                  >
                    <Legend s={summary.data} shows={shows} />
                    {map.isError ? <Failed what="Map not read" error={map.error} onRetry={() => void map.refetch()} />
                      : map.data ? <RackMap map={map.data} shows={shows} rack={rack} picked={picked} onPick={(ids) => setPicked(new Set(ids))} onRack={setRack} onOpen={open} />
                      : <SkeletonBlock height={240} label="Loading the map" />}
                  </Tile>
                )}
                <div className="fl-filter">
                  <label className="filter">
                    <span className="sr">Filter by serial, MAC, address or place</span>
                    <input ref={filter} value={text} onChange={(ev) => setText(ev.currentTarget.value)} placeholder="Serial, MAC, address or place" spellCheck={false} />
                    {!phone && <Kbd>f</Kbd>}
                  </label>
                  {rack && <button type="button" className="btn btn-sm" onClick={() => setRack('')}>Rack {rack} ×</button>}
                  <Segments
                    label="Which machines" on={[attention ? 'attention' : 'all']} onPick={(v) => setAttention(v === 'attention')}
                    options={[{ value: 'all', label: 'All' }, { value: 'attention', label: 'Needs attention' }]}
                  />
                  <Download href={`/api/v1/exports/fleet.csv${query({ site, rack, q, attention: attention ? 'true' : undefined })}`}>CSV</Download>
                  {machines.data && <span className="sm t2 fl-count">{shown(machines.data.rows.length, machines.data.total, summary.data?.machines)}</span>}
                </div>
                {machines.isError ? <Failed what="Machines not read" error={machines.error} onRetry={() => void machines.refetch()} />
                  : rows?.length === 0
                  ? <Empty action={<button type="button" className="btn" onClick={clear}>Clear filter</button>}>0 machines {attention && q === '' && rack === '' ? 'need attention.' : 'match the filter.'}</Empty>
                  : (
                    <Table
                      label="Machines, worst first" columns={COLUMNS} rows={rows} id={(m) => m.id} at={at} onAt={setAt}
                      onOpen={(m) => open(m.id)} {...(may && !phone && { picked, onPick: setPicked })}
                    />
                  )}
                <BulkBar count={picked.size} what={picked.size === 1 ? 'machine' : 'machines'} onClear={() => setPicked(new Set())}>
                  <Picked rows={rows} picked={picked} />
                  {may && (
                    <>
                      <button type="button" className="btn btn-sm" onClick={() => plan('redirect')}>Redirect <kbd className="kbd">r</kbd></button>
                      <button type="button" className="btn btn-sm" onClick={() => plan('restore')}>Back to old pools <kbd className="kbd">b</kbd></button>
                      <span className="sm t2">Dry run first</span>
                    </>
                  )}
                </BulkBar>
              </>
            )}
        </div>
        {!none && <Alerts may={may} onOpen={open} />}
      </div>
      {planning && <PlanDialog kind={planning} miners={[...picked]} onClose={() => setPlanning(null)} />}
      <AddSite opened={adding} onClose={() => setAdding(false)} />
    </article>
  );
}

function shown(rows: number, total: number, all: number | undefined): string {
  if (rows < total) return `first ${int(rows)} of ${int(total)}; filter to see others`;
  return all === undefined || total === all ? `${int(total)} ${total === 1 ? 'machine' : 'machines'}` : `${int(total)} of ${int(all)}`;
}

const COLUMNS: readonly Column<Machine>[] = [
  { head: 'Serial', width: 130, cell: (m) => <span className="mono">{m.serial || 'no serial'}</span> },
  { head: 'Model', wide: true, width: 90, cell: (m) => m.model ?? 'not told' },
  { head: 'Place', wide: true, width: 70, cell: (m) => <span className="mono">{placeOf(m)}</span> },
  { head: 'State', width: 80, cell: (m) => <><Glyph kind={HEALTHS[m.health][0]} size={10} /> {HEALTHS[m.health][1]}</> },
  { head: 'Pool TH/s, 1 h', num: true, width: 60, cell: (m) => <Counted m={m} /> },
  { head: 'Reported', num: true, wide: true, width: 50, cell: (m) => <span className="t2">{m.reported_ths === undefined ? 'not read' : fixed(m.reported_ths, 1)}</span> },
  { head: 'Of nominal', num: true, wide: true, width: 50, cell: (m) => (m.of_nominal === undefined ? <span className="t2">no nominal</span> : <>{percent(m.of_nominal)} <span className="t2">%</span></>) },
  { head: 'Chip °C', num: true, wide: true, width: 30, cell: (m) => (m.max_temp_c === undefined ? <span className="t2">not read</span> : fixed(m.max_temp_c, 0)) },
  { head: 'W', num: true, wide: true, width: 40, cell: (m) => (m.power_w === undefined ? <span className="t2">not told</span> : int(m.power_w)) },
  { head: 'Why', wide: true, width: 160, cell: (m) => <span className="t2 fl-why" title={m.why}>{m.why}</span> },
];

function Counted({ m }: { m: Machine }) {
  if (!m.verified) return <span className="t2">no shares</span>;
  const pm = plusMinus(m.verified);
  return <span className="b" title={`counted over ${duration(m.verified.seconds)}, 95 %`}>{fixed(m.verified.ths, 1)}{pm && <span className="sm t2"> ±{pm}</span>}</span>;
}

function Figures({ s, phone }: { s: FleetSummary | undefined; phone: boolean }) {
  const verified = s && hashrate(s.verified_ths * 1e12);
  const wait = <Missing>reading</Missing>;
  const down = s ? s.machines - s.online : 0;
  return (
    <FigureStrip>
      <Figure label="Machines" value={s ? int(s.machines) : wait} made={s && (s.machines === s.online ? 'all answer' : `${int(s.online)} answer, ${int(down)} offline`)} />
      <Figure label="Pool-verified, 1 h" accent={!!s?.counted_of} value={verified ? (s.counted_of ? verified.value : <Missing>no shares</Missing>) : wait} unit={s?.counted_of ? verified?.unit : undefined} made={s && `of ${int(s.counted_of)} machines with shares`} />
      <Figure label="Of nominal" value={s ? (s.nominal_ths > 0 ? percent(s.verified_of_nominal) : <Missing>nominal not told</Missing>) : wait} unit={s && s.nominal_ths > 0 ? '%' : undefined} made={s && `reported ${s.nominal_ths > 0 ? `${percent(s.reported_of_nominal)} %` : `${fixed(s.reported_ths, 1)} TH/s`}`} />
      {!phone && <Figure label="Power" value={s ? (s.power_of ? fixed(s.power_w / 1000, 2) : <Missing>no machine tells it</Missing>) : wait} unit={s?.power_of ? 'kW' : undefined} made={s?.j_per_th === undefined ? undefined : `${fixed(s.j_per_th, 1)} J/TH, ${int(s.power_of)} machines tell it`} />}
      <Figure label="Earns a day" value={s ? sat(s.sat_per_day) : wait} unit="sat" made={s && `estimate, ${fixed(s.sat_per_th_day, 1)} sat/TH before the fee`} />
      {!phone && <Figure label="Lost to live faults" value={s ? sat(s.lost_sat) : wait} unit="sat" made={s && `estimate, ${int(s.alerts)} ${s.alerts === 1 ? 'alert' : 'alerts'}`} />}
    </FigureStrip>
  );
}

function Legend({ s, shows }: { s: FleetSummary | undefined; shows: MapShows }) {
  const n = (k: string) => s?.by_health[k] ?? 0;
  return (
    <p className="fl-legend sm t2">
      <span className="fl-ramp" aria-hidden="true">{[0, 1, 2, 3, 4].map((i) => <i key={i} style={{ background: `var(--r${i})` }} />)}</span>
      {shows === 'temp' ? '<61 to >79 °C' : '<75 to >98.5 % of nominal'}
      <span><i style={{ background: 'var(--warnf)' }} /> hot {n('hot')}</span>
      {shows === 'hashrate' && <span><i style={{ background: 'var(--badf)' }} /> fault {n('dead_board') + n('elsewhere')}</span>}
      <span><i className="hollow" /> offline {n('offline')}</span>
    </p>
  );
}

function Agents({ sites }: { sites: readonly Site[] | undefined }) {
  const now = useNow(5000);
  if (!sites || sites.length === 0) return null;
  const online = sites.filter((s) => s.agent_online).length;
  const worst = Math.max(...sites.map((s) => (s.agent_seen_at ? (now - Date.parse(s.agent_seen_at)) / 1000 : Infinity)));
  return (
    <span className="t2">
      <Glyph kind={online === sites.length ? 'done' : 'look'} size={12} /> {online} of {sites.length} {sites.length === 1 ? 'agent' : 'agents'}
      {Number.isFinite(worst) ? `, last word ${duration(worst)} ago` : ', one has never called'}
    </span>
  );
}

function NoMachines({ sites, onAdd }: { sites: readonly Site[] | undefined; onAdd: (() => void) | undefined }) {
  const first = sites?.[0];
  if (!first) {
    return (
      <Empty title="No site yet" action={onAdd && <button type="button" className="btn btn-primary" onClick={onAdd}>Add a site</button>}>
        A site is a network with machines. Its agent finds them by itself and files each by its serial.
      </Empty>
    );
  }
  return (
    <Empty title={`No machines at ${first.name} yet`}>
      {first.agent_online ? <>The agent runs and looks through {first.cidr}. Machines appear here when they answer.</>
        : <>Start its agent on a computer inside {first.cidr}: <code className="mono">hashyard agent --yard {location.origin} --site "{first.name}" --cidr {first.cidr} --dir ./agent</code>, with its key in HASHYARD_AGENT_KEY.</>}
    </Empty>
  );
}

function Picked({ rows, picked }: { rows: readonly Machine[] | undefined; picked: ReadonlySet<string> }) {
  const own = (rows ?? []).filter((m) => picked.has(m.id));
  const nominal = own.reduce((sum, m) => sum + (m.nominal_ths ?? 0), 0);
  // Only of what is in sight: a selection outlives the filter.
  return own.length === picked.size ? <span className="sm t2">{fixed(nominal, 1)} TH/s nominal</span> : <span className="sm t2">{own.length} in sight</span>;
}
