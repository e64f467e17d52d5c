import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { StatementDetail, StatementProof } from '../../api/types';
import { recompute, targetOf } from './recompute';
import { asSigned, climb, compact, hex, indexOf, leafHash, parseSigned, proofFault, receiptRoot, rootOf, signatureHolds } from './signed';

// Files that pool/statement made and finds sound; its test reads them, too.
const golden = JSON.parse(readFileSync(new URL('./signed.golden.json', import.meta.url), 'utf8')) as { files: Record<string, string>; proof: StatementProof };
const METHODS = ['sma/1', 'sma-trim3/1', 'day/1', 'day-trim3/1'];
const file = (m = 'sma/1') => parseSigned(golden.files[m] ?? '');

/** What the API tells of the rates besides. */
const told = (m: string) => ({
  id: 'x', epochs: file(m).statement.rates.map((r) => ({ epoch: r.id, difficulty: 1, net_target: targetOf(r.nbits).toString(16).padStart(64, '0') })), workers: [],
}) as unknown as StatementDetail;

describe('a signed statement', () => {
  it.each(METHODS)('by %s is computed again to the satoshi, from its blocks', async (m) => {
    const f = file(m);
    const fees = new Map(f.statement.rates.map((r) => { const x = indexOf(r, f.blocks); return [r.id, { blocks: x.used, ...(x.fault && { fault: x.fault }) }]; }));
    const r = recompute(asSigned(told(m), f), fees, f.statement.net_sats, () => 0);
    expect(r.lines.filter((l) => !l.ok)).toEqual([]);
    expect(await signatureHolds(f)).toBe(true);
    expect(await receiptRoot(f.statement)).toBe(f.statement.receipt_root);
    expect(indexOf(f.statement.rates[0] ?? expect.fail(), f.blocks).cut).toHaveLength(m.includes('trim') ? 6 : 0);
  });

  it('keeps its signature however it is laid out, and loses it with any change', async () => {
    expect(await signatureHolds(parseSigned(compact(golden.files['sma/1'] ?? '')))).toBe(true);
    const f = file();
    expect(await signatureHolds({ ...f, body: f.body.replace('"shares":30', '"shares":31') })).toBe(false);
    expect(compact('{ "a b" : "c \\" d" ,\n1 }')).toBe('{"a b":"c \\" d",1}');
    expect(() => parseSigned('{"blocks":[],"statement":{"format":"hashyard statement 1"}}')).toThrow(/not a file/);
  });

  it('names what is wrong with an index', () => {
    const f = file('day-trim3/1');
    const r = f.statement.rates[0] ?? expect.fail();
    expect(indexOf({ ...r, fee_sum_sats: 1 }, f.blocks).fault).toMatch(/fee_sum_sats is 1/);
    expect(indexOf({ ...r, fee_count: 1 }, f.blocks).fault).toMatch(/fee_count is 1/);
    expect(indexOf({ ...r, subsidy_sum_sats: 1 }, f.blocks).fault).toMatch(/subsidy_sum_sats is 1/);
    expect(indexOf(r, f.blocks.slice(0, 3)).fault).toMatch(/not in the file/);
    expect(indexOf({ ...r, fee_method: 'day/2' }, f.blocks).fault).toMatch(/not known/);
  });

  it('has a proof that a worker’s minutes are in it, which no change survives', async () => {
    const st = file().statement;
    const p = golden.proof;
    expect(await proofFault(st, p)).toBeNull();
    expect(await proofFault(st, { ...p, statement_id: 'x' })).toMatch(/another statement/);
    expect(await proofFault(st, { ...p, minutes: p.minutes.slice(1) })).toMatch(/do not make/);
    expect(await proofFault(st, { ...p, path: p.path.map((h) => h.replace(/^../, '00')) })).toMatch(/does not lead/);
    expect(await proofFault({ ...st, receipt_root: '00' }, p)).toMatch(/does not lead/);
  });
});

describe('trees', () => {
  it('have the roots of RFC 6962', async () => {
    const one = await leafHash(new Uint8Array());
    expect(hex(await rootOf([]))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(hex(one)).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(hex(await rootOf([one, await leafHash(new Uint8Array([0]))]))).toBe('fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
  });
  it('refuse a place outside and a path of another length', async () => {
    const leaf = await leafHash(new Uint8Array([1]));
    expect(await climb(leaf, 3, 3, [])).toBeNull();
    expect(await climb(leaf, 0, 1, [leaf])).toBeNull();
    expect(await climb(leaf, 0, 2, [])).toBeNull();
  });
});
