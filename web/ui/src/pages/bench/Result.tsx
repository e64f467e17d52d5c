import { useMutation, useQuery } from '@tanstack/react-query';
import { call, query } from '../../api/client';
import { tradesQuery, useMe } from '../../api/queries';
import type { Bench, Stray, Unit } from '../../api/types';
import { Glyph } from '../../parts/Glyph';
import { Kbd } from '../../parts/Parts';
import type { ScanKind } from './scanning';
import type { Shown } from './useBench';

const VERB: Record<ScanKind, string> = { pack: 'packed', receive: 'received', return: 'taken back' };
const two = (n: number) => String(n).padStart(2, '0');

/** What the last scan was, to be read from two metres. */
export function Result({ shown, bench, kind, onClear }: { shown: Shown; bench: Bench; kind: ScanKind; onClear: () => void }) {
  const v = shown.verdict;
  if (shown.refused && v.kind !== 'wrong') {
    return (
      <section className="bn-result bn-bad" role="alert">
        <Mark wrong />
        <div>
          <h2>Not counted.</h2>
          <p className="bn-serial mono">{v.serial}</p>
          <p className="bn-words">{sentence(shown.refused)} Take it out again.</p>
          <GoOn onClear={onClear} word="Understood, go on" />
        </div>
      </section>
    );
  }
  if (v.kind === 'wrong') return <Wrong serial={v.serial} common={v.common} bench={bench} kind={kind} onClear={onClear} />;
  if (v.kind === 'unreadable') {
    return (
      <section className="bn-result bn-bad" role="alert">
        <Mark wrong />
        <div>
          <h2>That is no serial.</h2>
          <p className="bn-serial mono">{v.serial.slice(0, 40)}</p>
          <p className="bn-words">{v.why} Nothing was {VERB[kind]}.</p>
          <GoOn onClear={onClear} word="Go on" />
        </div>
      </section>
    );
  }
  const box = kind === 'pack' ? ` ${two(v.box)}` : '';
  return (
    <section className={`bn-result ${v.kind === 'right' ? 'bn-ok' : 'bn-warn'}`} role="status">
      <Mark look={v.kind === 'again'} />
      <div>
        <h2>{shown.undone ? `Taken out of box${box}.` : v.kind === 'again' ? 'Scanned before, kept once.' : kind === 'pack' ? `Box${box}, ${v.inBox} of ${bench.box_size}` : `${VERB[kind].charAt(0).toUpperCase()}${VERB[kind].slice(1)}.`}</h2>
        <p className="bn-serial mono">{v.serial}</p>
      </div>
    </section>
  );
}

function Mark({ wrong, look }: { wrong?: boolean; look?: boolean }) {
  return <Glyph kind={wrong ? 'wrong' : look ? 'look' : 'done'} size={48} />;
}

function Wrong({ serial, common, bench, kind, onClear }: { serial: string; common: number; bench: Bench; kind: ScanKind; onClear: () => void }) {
  const can = useMe().data?.can ?? [];
  const stray = useQuery({
    queryKey: ['stray', bench.id, serial], retry: 1,
    queryFn: ({ signal }) => call<Stray>('GET', `/shipments/${bench.id}/stray${query({ serial })}`, { signal }),
  });
  const trades = useQuery({ ...tradesQuery, enabled: stray.data?.trade_id !== undefined && can.includes('trades.read'), retry: false });
  const trade = trades.data?.find((t) => t.id === stray.data?.trade_id);
  const aside = useMutation({
    mutationFn: (id: string) => call<Unit>('PUT', `/units/${id}/shelf`, { body: { shelf: 'QUARANTINE' } }),
    onSuccess: onClear,
  });
  const s = stray.data;
  return (
    <section className="bn-result bn-bad" role="alert">
      <Mark wrong />
      <div>
        <h2>Stop. Wrong machine.</h2>
        <p className="bn-serial mono">{serial.slice(0, common)}<b className="bad">{serial.slice(common)}</b></p>
        <p className="bn-words">
          {stray.isError && 'It is not in this shipment; whose it is could not be asked. '}
          {stray.isPending && 'It is not in this shipment. '}
          {s && !s.yours && 'It is not in this shipment and not a machine of yours. Set it aside. '}
          {s?.yours && (
            <>
              {trade ? <>It is sold to <b>{trade.buyer.name}, trade {trade.number}</b>. </> : s.trade_id && s.trade_id !== bench.trade_id ? <>It is yours and sold under <b>another trade</b>. </> : <>It is yours and {s.state}. </>}
              {s.shelf ? <>Put it back on <b>shelf {s.shelf}</b>. </> : 'It has no shelf; set it aside. '}
            </>
          )}
          Nothing was {VERB[kind]}.
        </p>
        <GoOn onClear={onClear} word={s?.shelf ? 'Put back, go on' : 'Set aside, go on'}>
          {s?.yours && s.unit_id && (
            <button type="button" className="btn btn-lg" disabled={aside.isPending} onClick={() => aside.mutate(s.unit_id ?? '')}>Quarantine</button>
          )}
        </GoOn>
        {aside.isError && <p className="bad sm">The shelf was not written: {aside.error.message}</p>}
      </div>
    </section>
  );
}

function GoOn({ onClear, word, children }: { onClear: () => void; word: string; children?: React.ReactNode }) {
  return (
    <div className="bn-go">
      <button type="button" className="btn btn-primary btn-lg" onClick={onClear}>{word} <Kbd>↵</Kbd></button>
      {children}
      <span className="t2 sm">The next good scan also clears this.</span>
    </div>
  );
}

const sentence = (s: string) => s.charAt(0).toUpperCase() + s.slice(1) + (/[.!?]$/.test(s) ? '' : '.');
