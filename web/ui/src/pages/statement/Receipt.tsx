import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { proofQuery, statementFileQuery, statementKeyQuery } from '../../api/pool';
import { int, short } from '../../lib/format';
import { Copy, Download } from '../../parts/Actions';
import { Glyph } from '../../parts/Glyph';
import { Line, Tile } from '../../parts/Parts';
import { Failed, SkeletonBlock } from '../../parts/States';
import { parseSigned, proofFault, receiptRoot, signatureHolds, type SignedFile } from './signed';

export interface SignedCheck {
  name: string;
  value: string;
  /** null where it cannot be told here. */
  ok: boolean | null;
  why?: string;
}

export interface Signed {
  file: SignedFile | undefined;
  checks: readonly SignedCheck[];
  reading: boolean;
  error: unknown;
}

const NONE: readonly SignedCheck[] = [];

/** Reads the signed file of a statement and checks what is not arithmetic: signature, key and receipts. */
export function useSigned(id: string): Signed {
  const text = useQuery(statementFileQuery(id));
  const key = useQuery(statementKeyQuery);
  const checked = useQuery({
    queryKey: ['pool', 'signed', id, text.dataUpdatedAt, key.data?.public_key ?? ''], enabled: text.data !== undefined && !key.isPending, staleTime: Infinity, retry: false,
    queryFn: async () => {
      const file = parseSigned(text.data ?? '');
      return { file, checks: await check(file, key.data?.public_key) };
    },
  });
  return {
    file: checked.data?.file, checks: checked.data?.checks ?? NONE, reading: text.isPending || (!text.isError && checked.isPending), error: text.error ?? checked.error,
  };
}

async function check(f: SignedFile, key: string | undefined): Promise<SignedCheck[]> {
  const root = f.statement.receipt_root ?? '';
  const again = (globalThis.crypto as Crypto | undefined)?.subtle ? await receiptRoot(f.statement) : null;
  const holds = await signatureHolds(f);
  const same = key === undefined ? null : key === f.signature.public_key;
  return [
    { name: 'Merkle root', value: root, ok: again === null ? null : again === root, ...(again !== null && again !== root && { why: 'the workers’ receipts have another root' }) },
    { name: 'Signature', value: f.signature.value, ok: holds, ...(holds === false && { why: 'the signature is not of this statement' }) },
    { name: 'Signed by', value: f.signature.public_key, ok: same, ...(same === false && { why: 'it is not by the key that the house publishes' }) },
  ];
}

/** Who signed it, over what, and how to check it without us. */
export function Receipt({ id, signed }: { id: string; signed: Signed }) {
  const { file, checks } = signed;
  const command = `hashyard statement verify statement-${id}.json${file ? ` --key ${file.signature.public_key}` : ''}`;
  return (
    <Tile title="Signed receipt" aside={file && 'Ed25519'}>
      {signed.reading && <SkeletonBlock height={120} />}
      {signed.error !== null && signed.error !== undefined && <Failed what="There is no signed file yet" error={signed.error} kept="It is signed moments after it is settled." />}
      {file && (
        <dl className="sm-receipt">
          <Line label="Worker minutes">{int(file.statement.workers.reduce((n, w) => n + (w.receipt?.minutes ?? 0), 0))}</Line>
          <Line label="Leaves, workers">{int(file.statement.workers.filter((w) => w.receipt).length)}</Line>
          {checks.map((c) => (
            <Line key={c.name} label={c.name}><span className="mono sm" title={c.value}>{c.value ? short(c.value, 8, 8) : 'none yet'}</span> <Glyph kind={c.ok === null ? 'todo' : c.ok ? 'done' : 'wrong'} size={12} label={c.ok === null ? 'not checked here' : c.ok ? 'checked' : 'wrong'} /></Line>
          ))}
          {checks.some((c) => c.ok === null) && <p className="t2 sm">A hollow ring is what this browser cannot check; the command can.</p>}
        </dl>
      )}
      <div className="sm-offline">
        <p className="t2 sm">Verify offline, with the file and no account:</p>
        <pre className="mono sm pl-wrap">{command}</pre>
        <p><Copy text={command} label="the command" /> <Download href={`/api/v1/pool/statements/${id}/statement.json`}>Signed file</Download></p>
      </div>
    </Tile>
  );
}

/** Reads a worker's proof when asked to, and checks it here. */
export function Inclusion({ statement, worker, file }: { statement: string; worker: string; file: SignedFile | undefined }) {
  const [asked, ask] = useState(false);
  const proof = useQuery({ ...proofQuery(statement, worker), enabled: asked });
  const fault = useQuery({
    queryKey: ['pool', 'proof', statement, worker, 'fault'], enabled: proof.data !== undefined && file !== undefined, staleTime: Infinity, retry: false,
    queryFn: async () => (proof.data && file ? proofFault(file.statement, proof.data) : null),
  });
  if (!file) return <span className="t3">not signed yet</span>;
  if (!file.statement.workers.find((w) => w.id === worker)?.receipt) return <span className="t3">none</span>;
  if (!asked) return <button type="button" className="row-pick" onClick={() => ask(true)}>inclusion proof</button>;
  if (proof.isError || fault.isError) return <span className="bad"><Glyph kind="wrong" size={11} label="wrong" /> not read</span>;
  if (!proof.data || fault.isPending) return <span className="t2">checking</span>;
  if (fault.data) return <span className="bad"><Glyph kind="wrong" size={11} label="wrong" /> {fault.data}</span>;
  return <span><Glyph kind="done" size={11} label="checked" /> {int(proof.data.minutes.length)} minutes, {int(proof.data.path.length)} steps <Download href={`/api/v1/pool/statements/${statement}/workers/${worker}/proof`}>JSON</Download></span>;
}

