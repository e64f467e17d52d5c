import type { StatementDetail, StatementProof } from '../../api/types';

// The signed file of a statement, read as `hashyard statement verify` reads it:
// its signature, every fee index from the blocks, and the root over receipts.

/** What work earns at a rate, as it was signed. */
export interface SignedRate {
  id: string;
  period_start: string;
  period_end: string;
  nbits: string;
  subsidy_sats: number;
  fee_method: string;
  fee_window: number;
  fee_tip_hash: string;
  fee_sum_sats: number;
  fee_count: number;
  subsidy_sum_sats?: number;
  fee_ppm: number;
}

export interface SignedWorker {
  id: string;
  user: string;
  unit_id?: string;
  work: string;
  shares: number;
  net_exact: string;
  lines: { rate: string; work: string; shares: number; gross_exact: string; net_exact: string }[];
  receipt?: { minutes: number; root: string };
}

export interface SignedStatement {
  format: string;
  id: string;
  rates: SignedRate[];
  workers: SignedWorker[];
  work: string;
  shares: number;
  gross_exact: string;
  net_exact: string;
  gross_sats: number;
  fee_sats: number;
  net_sats: number;
  receipt_root?: string;
}

export interface IndexBlock {
  hash: string;
  prev_hash: string;
  height: number;
  time: string;
  subsidy_sats: number;
  fees_sats: number;
}

export interface SignedFile {
  /** The statement's compact JSON: what is signed. */
  body: string;
  statement: SignedStatement;
  blocks: IndexBlock[];
  signature: { algorithm: string; public_key: string; value: string };
}

const FORMAT = 'hashyard statement 1';
const HEAD = '{"statement":';

/** JSON without the white space between its tokens; what is in strings stays. */
export function compact(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (m) => (m.startsWith('"') ? m : ''));
}

/** Reads a file; the body is cut out of its very text, so that no figure is written anew. */
export function parseSigned(text: string): SignedFile {
  const all = compact(text);
  const file = JSON.parse(all) as Omit<SignedFile, 'body'>;
  const body = all.startsWith(HEAD) ? first(all.slice(HEAD.length)) : '';
  if (body === '' || file.statement.format !== FORMAT) throw new Error(`not a file of the format “${FORMAT}”`);
  return { ...file, body };
}

/** The first whole object of a text. */
function first(s: string): string {
  let depth = 0;
  for (const m of s.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (m[0] === '{') depth++;
    else if (m[0] === '}' && --depth === 0) return s.slice(0, m.index + 1);
  }
  return '';
}

export interface Index {
  /** Newest first. */
  used: IndexBlock[];
  /** Left out by the trim. */
  cut: IndexBlock[];
  fault?: string;
}

/** The blocks that a rate's method takes, walking back from its tip. */
export function indexOf(r: SignedRate, blocks: readonly IndexBlock[]): Index {
  const by = new Map(blocks.map((b) => [b.hash, b]));
  const daily = r.fee_method.startsWith('day');
  if (!['sma/1', 'sma-trim3/1', 'day/1', 'day-trim3/1'].includes(r.fee_method)) return { used: [], cut: [], fault: `fee index ${r.fee_method} is not known` };
  const start = Date.parse(r.period_start);
  const end = Date.parse(r.period_end);
  const from = Math.min(start, Math.floor((end - 1) / 86_400_000) * 86_400_000);
  const taken: IndexBlock[] = [];
  let early = 0; // in a row before the day
  for (let hash = r.fee_tip_hash, steps = 0; (daily || taken.length < r.fee_window) && early < 11; steps++) {
    const b = by.get(hash);
    if (!b || steps > blocks.length) return { used: taken, cut: [], fault: `block …${hash.slice(-12)} of its index is not in the file` };
    if (b.height === 0) break; // the genesis block is in no index
    const at = Date.parse(b.time);
    if (!daily) taken.push(b);
    else if (at < from) early++;
    else {
      early = 0;
      if (at < end) taken.push(b);
    }
    hash = b.prev_hash;
  }
  const out = r.fee_method.includes('trim3') && taken.length > 6 ? trim(taken) : { used: taken, cut: [] };
  const sum = out.used.reduce((n, b) => n + b.fees_sats, 0);
  const subsidies = daily ? out.used.reduce((n, b) => n + b.subsidy_sats, 0) : 0;
  if (out.used.length !== r.fee_count) return { ...out, fault: `fee_count is ${r.fee_count}, the index has ${out.used.length} blocks` };
  if (sum !== r.fee_sum_sats) return { ...out, fault: `fee_sum_sats is ${r.fee_sum_sats}, the index’s blocks sum to ${sum}` };
  if (subsidies !== (r.subsidy_sum_sats ?? 0)) return { ...out, fault: `subsidy_sum_sats is ${r.subsidy_sum_sats ?? 0}, the index’s blocks sum to ${subsidies}` };
  return out;
}

/** Three of each end go; equal fees are told apart by height. */
function trim(taken: readonly IndexBlock[]): Index {
  const order = [...taken].sort((a, b) => a.fees_sats - b.fees_sats || a.height - b.height);
  const keep = new Set(order.slice(3, -3));
  return { used: taken.filter((b) => keep.has(b)), cut: taken.filter((b) => !keep.has(b)) };
}

/** The statement with what the file says in place of what the page was told. */
export function asSigned(s: StatementDetail, f: SignedFile): StatementDetail {
  const st = f.statement;
  const known = new Map(s.epochs.map((e) => [e.epoch, e]));
  return {
    ...s, work: st.work, shares: st.shares, gross_exact: st.gross_exact, net_exact: st.net_exact, gross_sats: st.gross_sats, fee_sats: st.fee_sats, net_sats: st.net_sats,
    epochs: st.rates.flatMap((r) => {
      const e = known.get(r.id);
      if (!e) return [];
      const rest = { ...e };
      delete rest.subsidy_sum_sats;
      return [{
        ...rest, period_start: r.period_start, period_end: r.period_end, nbits: r.nbits, subsidy_sats: r.subsidy_sats, fee_method: r.fee_method, fee_sum_sats: r.fee_sum_sats, fee_count: r.fee_count,
        fee_ppm: r.fee_ppm, fee_tip_hash: r.fee_tip_hash, ...(r.subsidy_sum_sats !== undefined && { subsidy_sum_sats: r.subsidy_sum_sats }),
      }];
    }),
    workers: st.workers.map((w) => ({
      worker_id: w.id, user: w.user, ...(w.unit_id && { unit_id: w.unit_id }), work: w.work, shares: w.shares, net_exact: w.net_exact,
      lines: w.lines.map((l) => ({ epoch: l.rate, work: l.work, shares: l.shares, gross_exact: l.gross_exact, net_exact: l.net_exact })),
    })),
  };
}

/** null where this browser has no such signatures. */
export async function signatureHolds(f: SignedFile): Promise<boolean | null> {
  // Browsers keep this from pages that came over plain HTTP.
  if (!(globalThis.crypto as Crypto | undefined)?.subtle) return null;
  if (f.signature.algorithm !== 'ed25519') return false;
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey('raw', unhex(f.signature.public_key), 'Ed25519', false, ['verify']);
  } catch {
    return null;
  }
  return crypto.subtle.verify('Ed25519', key, unhex(f.signature.value), new TextEncoder().encode(`${FORMAT}\n${f.body}`));
}

type Bytes = Uint8Array<ArrayBuffer>;

const unhex = (s: string): Bytes => Uint8Array.from(s.match(/../g) ?? [], (x) => Number.parseInt(x, 16));
export const hex = (b: Bytes): string => Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('');

function join(...parts: readonly Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

const sha = async (b: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-256', b));
const text = (s: string): Bytes => new TextEncoder().encode(s);
const uuid = (s: string): Bytes => unhex(s.replaceAll('-', ''));

/** Big-endian, n bytes. */
function int(v: bigint, n: number): Bytes {
  return unhex(v.toString(16).padStart(n * 2, '0'));
}

// Leaves and nodes are kept apart as RFC 6962 (2.1) does.
export const leafHash = (data: Bytes): Promise<Bytes> => sha(join(new Uint8Array([0]), data));
const nodeHash = (l: Bytes, r: Bytes): Promise<Bytes> => sha(join(new Uint8Array([1]), l, r));

/** The largest power of two below n. */
const split = (n: number): number => 2 ** (Math.ceil(Math.log2(n)) - 1);

export async function rootOf(leaves: readonly Bytes[]): Promise<Bytes> {
  const one = leaves[0];
  if (!one) return sha(new Uint8Array());
  if (leaves.length === 1) return one;
  const k = split(leaves.length);
  return nodeHash(await rootOf(leaves.slice(0, k)), await rootOf(leaves.slice(k)));
}

/** Where a leaf and its siblings lead in a tree of n leaves; null when they cannot. */
export async function climb(leaf: Bytes, i: number, n: number, path: readonly Bytes[]): Promise<Bytes | null> {
  if (i < 0 || i >= n) return null;
  if (n === 1) return path.length === 0 ? leaf : null;
  const last = path.at(-1);
  if (!last) return null;
  const k = split(n);
  const sub = i < k ? await climb(leaf, i, k, path.slice(0, -1)) : await climb(leaf, i - k, n - k, path.slice(0, -1));
  return sub && (i < k ? nodeHash(sub, last) : nodeHash(last, sub));
}

const workerLeaf = (w: SignedWorker): Promise<Bytes> =>
  leafHash(join(text('hashyard worker 1\n'), uuid(w.id), int(BigInt(w.receipt?.minutes ?? 0), 8), int(BigInt(w.work), 16), int(BigInt(w.shares), 8), unhex(w.receipt?.root ?? '')));

/** The root over all workers' receipts, "" where there are none. */
export async function receiptRoot(st: SignedStatement): Promise<string> {
  const with_ = st.workers.filter((w) => w.receipt);
  return with_.length === 0 ? '' : hex(await rootOf(await Promise.all(with_.map(workerLeaf))));
}

/** Why a proof does not show that a worker's minutes are in the statement; null when it does. */
export async function proofFault(st: SignedStatement, p: StatementProof): Promise<string | null> {
  const w = st.workers.find((x) => x.id === p.worker_id);
  if (!w?.receipt || p.statement_id !== st.id) return 'it is of another statement or worker';
  const leaves = await Promise.all(p.minutes.map((m) => leafHash(join(
    text('hashyard minute 1\n'), uuid(w.id), uuid(m.rate), int(BigInt(Date.parse(m.minute) / 1000), 8), int(BigInt(m.work), 16), int(BigInt(m.shares), 8)))));
  if (leaves.length !== w.receipt.minutes || hex(await rootOf(leaves)) !== w.receipt.root) return 'its minutes do not make the worker’s receipt';
  for (const l of w.lines) {
    const sum = p.minutes.filter((m) => m.rate === l.rate).reduce((n, m) => n + BigInt(m.work), 0n);
    if (sum !== BigInt(l.work)) return `its minutes are ${sum}, the statement’s line says ${l.work}`;
  }
  const rates = new Set(w.lines.map((l) => l.rate));
  if (rates.size !== w.lines.length) return 'a rate is on two of its lines';
  if (p.minutes.some((m) => !rates.has(m.rate))) return 'it has minutes that no line pays';
  if (p.minutes.reduce((n, m) => n + m.shares, 0) !== w.shares) return 'its minutes have another count of shares';
  const up = await climb(await workerLeaf(w), p.index, p.size, p.path.map(unhex));
  return up && hex(up) === st.receipt_root ? null : 'its path does not lead to the statement’s root';
}
