import type { Earnings, Redirect, Unit, UnitMoney } from '../../api/types';
import { fixed, int, usdSigned } from '../../lib/format';
import { day, daySecond, dayMinute, duration } from '../../lib/time';
import { Glyph } from '../../parts/Glyph';
import { EvidenceChip, Line, StatusChip, Tile } from '../../parts/Parts';
import { Empty, Failed, SkeletonRows } from '../../parts/States';
import type { Condition } from './condition';
import type { Evidence } from './evidence';
import { earningRows } from './earnings';
import { identityOf, type Check } from './identity';
import type { Facts } from './facts';
import { gap, type Node } from './nodes';

export function EvidenceTile({ node, evidence }: { node: Node; evidence: Evidence }) {
  return (
    <Tile
      title={<><Glyph kind={node.state} size={11} label={true} />&nbsp; {node.name}</>}
      aside={node.at && node.state !== 'live' ? `${daySecond(node.at)} UTC` : node.when}
    >
      <EvidenceBody evidence={evidence} />
    </Tile>
  );
}

export function EvidenceBody({ evidence }: { evidence: Evidence }) {
  return (
    <div className="evidence" data-testid="evidence">
      <p className="claim sm t2">{evidence.claim}</p>
      <dl>
        {evidence.lines.map((l) => (
          <Line key={l.label} label={l.label}>
            {l.value}
            {l.more && !l.mark && <span className="t3"> {l.more}</span>}
            {l.mark && <> <StatusChip kind={l.mark === 'met' ? 'done' : 'wrong'}>{l.more ?? 'equal'}</StatusChip></>}
          </Line>
        ))}
      </dl>
      <div className="chips">
        {evidence.chips.map((c) => <EvidenceChip key={c.label} label={c.label} value={c.value} title={c.full} />)}
      </div>
    </div>
  );
}

const CHECKS: Record<Check, { glyph: 'done' | 'wrong' | 'todo' | 'off'; words: string }> = {
  equal: { glyph: 'done', words: 'equal' },
  different: { glyph: 'wrong', words: 'different' },
  unread: { glyph: 'off', words: 'no reading of it here' },
  later: { glyph: 'todo', words: 'not yet' },
};

export function IdentityTile({ unit, facts, condition, redirect }: {
  unit: Unit; facts: Facts; condition: Condition | null; redirect: Redirect | undefined;
}) {
  const { rows, columns } = identityOf(unit, facts, condition, redirect);
  const checks = rows.flatMap((r) => r.checks);
  const made = checks.filter((c) => c === 'equal' || c === 'different').length;
  const equal = checks.filter((c) => c === 'equal').length;
  return (
    <Tile
      title="Same machine at every hand-over"
      aside={made === 0 ? 'no hand-over yet'
        : <><Glyph kind={equal === made ? 'done' : 'wrong'} size={11} /> {int(equal)} of {int(made)} equal</>}
    >
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Hand-overs">
        <table className="grid">
          <thead>
            <tr><th>Identity</th><th>Value</th>{columns.map((c) => <th key={c} className="mid">{c}</th>)}</tr>
          </thead>
          <tbody>
            {rows.map((r) => (
              <tr key={r.label}>
                <td className="t2">{r.label}</td>
                <td className="mono sm">{r.value}</td>
                {r.checks.map((c, i) => (
                  <td key={columns[i]} className="mid">
                    <Glyph kind={CHECKS[c].glyph} size={10} label={CHECKS[c].words} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Tile>
  );
}

interface Loaded<T> {
  data: T | undefined;
  isPending: boolean;
  isError: boolean;
  error: unknown;
  refetch: () => unknown;
}

export function MoneyTile({ money, facts }: { money: Loaded<UnitMoney>; facts: Facts }) {
  const rows = money.data?.postings ?? [];
  const held = money.data?.held_cents ?? 0;
  const funded = facts['trade.funded']?.at;
  const released = facts['held.released']?.at;
  const aside = funded && (released ? `held ${duration(gap(funded, released))}` : `held since ${dayMinute(funded)}`);
  return (
    <Tile title="Money for this unit" aside={aside ?? ''}>
      {money.isError ? (
        <Failed what="Money not read" error={money.error} kept="The ledger is untouched." onRetry={() => void money.refetch()} />
      ) : money.data && rows.length === 0 ? (
        <Empty>No money has moved for this machine. It is held from the moment the buyer funds.</Empty>
      ) : (
        <table className="grid">
          <tbody>
            {money.isPending && <SkeletonRows rows={4} columns={[140, 60, 90]} />}
            {rows.map((r, i) => (
              <tr key={`${r.at}-${i}`}>
                <td>{r.memo}</td>
                <td className="sm t2">{day(r.at)}</td>
                <td className="num">{usdSigned(r.amount_cents)} <span className="sm t2">USD</span></td>
              </tr>
            ))}
            {money.data && (
              <tr className="sum b">
                <td>Still held</td><td /><td className="num">{usdSigned(held).replace('+', '')} <span className="sm t2">USD</span></td>
              </tr>
            )}
          </tbody>
        </table>
      )}
    </Tile>
  );
}

export function EarningsTile({ earnings, hidden }: { earnings: Loaded<Earnings>; hidden: boolean }) {
  const rows = earningRows(earnings.data?.items ?? []).slice(0, 100);
  return (
    <Tile title="Earnings, FPPS" aside={rows.length > 0 ? `${int(earnings.data?.items.length ?? 0)} ${earnings.data?.items.length === 1 ? 'period' : 'periods'}` : ''} className="earnings">
      {earnings.isError ? (
        <Failed what="Earnings not read" error={earnings.error} onRetry={() => void earnings.refetch()} />
      ) : earnings.data && rows.length === 0 ? (
        <Empty>{hidden ? 'What it earns now belongs to the buyer.' : 'No period has settled with work of this machine.'}</Empty>
      ) : (
        <div className="scroll-y">
          <table className="grid">
            <thead><tr><th>{rows[0]?.hours ? 'Period, UTC' : 'UTC day'}</th><th className="num">TH/s</th><th className="num">Credited sat</th></tr></thead>
            <tbody>
              {earnings.isPending && <SkeletonRows rows={4} columns={[120, 60, 60]} />}
              {rows.map((r) => (
                <tr key={r.key}>
                  <td>{r.day} <span className="t2">{r.hours}</span></td>
                  <td className="num t2">{fixed(r.ths, 1)}</td>
                  <td className="num b">{int(r.sats)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Tile>
  );
}
