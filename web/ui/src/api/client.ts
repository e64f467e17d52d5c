// The one place that talks to the server. Errors become ApiError, which keeps
// the problem+json of the edge: what happened, and the request id to quote.

export class ApiError extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string;
  /** What a program may act on, such as step_up_required. */
  readonly code: string;

  constructor(status: number, title: string, detail: string, requestId: string, code = '') {
    super(detail || title);
    this.name = 'ApiError';
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.requestId = requestId;
    this.code = code;
  }

  /** The request never reached the server or the answer never came back. */
  get unreachable(): boolean {
    return this.status === 0;
  }
}

interface Problem {
  title?: string;
  detail?: string;
  request_id?: string;
  code?: string;
  errors?: { message?: string; location?: string }[];
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Options {
  /** Sent as JSON; a Blob as it is. */
  body?: unknown;
  /** Sent with every POST; pass the same one to repeat a try safely. */
  idempotencyKey?: string;
  /** Besides those that every call has. */
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

const BASE = '/api/v1';

/** Asks the person to show a factor; false when they would not. */
export type StepUp = () => Promise<boolean>;

let stepUp: StepUp | null = null;
let asking: Promise<boolean> | null = null;
let renewals = 0;

/** The dialog that asks, while one is on the page. */
export function onStepUp(ask: StepUp | null): void {
  stepUp = ask;
}

/** Requests that were refused together ask once. */
function askOnce(): Promise<boolean> {
  asking ??= (stepUp ?? (() => Promise.resolve(false)))().finally(() => (asking = null));
  return asking;
}

/** Runs what renews the session's cookie. */
export async function renewing<T>(fn: () => Promise<T>): Promise<T> {
  const out = await fn();
  renewals++;
  return out;
}

/** A call of the API. One that needs a factor asks for it and is then sent again as it was. */
export async function call<T>(method: Method, path: string, opt: Options = {}): Promise<T> {
  const same = { ...opt, idempotencyKey: opt.idempotencyKey ?? newKey() };
  const before = renewals;
  try {
    return await once<T>(method, path, same);
  } catch (err) {
    if (!(err instanceof ApiError)) throw err;
    // It was on its way with the cookie of a moment ago.
    const late = err.status === 401 && renewals !== before;
    if (!late && !(err.code === 'step_up_required' && (await askOnce()))) throw err;
    return once<T>(method, path, same);
  }
}

async function once<T>(method: Method, path: string, opt: Options): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', ...opt.headers };
  const file = opt.body instanceof Blob ? opt.body : null;
  if (opt.body !== undefined) headers['Content-Type'] = file ? 'application/octet-stream' : 'application/json';
  if (method === 'POST') headers['Idempotency-Key'] = opt.idempotencyKey ?? newKey();
  let res: Response;
  try {
    res = await fetch(BASE + path, {
      method,
      headers,
      credentials: 'same-origin',
      body: file ?? (opt.body === undefined ? null : JSON.stringify(opt.body)),
      signal: opt.signal ?? null,
    });
  } catch (err) {
    if (err instanceof DOMException && err.name === 'AbortError') throw err;
    throw new ApiError(0, 'No answer', 'The server did not answer. It may be restarting.', '');
  }
  if (!res.ok) throw await problem(res);
  if (res.status === 204) return undefined as T;
  const text = await res.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function problem(res: Response): Promise<ApiError> {
  const fallback = res.headers.get('X-Request-Id') ?? '';
  try {
    const p = (await res.json()) as Problem;
    const fields = (p.errors ?? []).map((e) => [e.location, e.message].filter(Boolean).join(': '));
    const detail = [p.detail, ...fields].filter(Boolean).join('; ');
    return new ApiError(res.status, p.title ?? res.statusText, detail, p.request_id ?? fallback, p.code);
  } catch {
    return new ApiError(res.status, res.statusText || `HTTP ${res.status}`, '', fallback);
  }
}

/** A fresh idempotency key. randomUUID exists only in secure contexts. */
export function newKey(): string {
  const b = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('');
}

/** Query string of the set values. */
export function query(params: Record<string, string | number | undefined>): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(params)) if (v !== undefined && v !== '') q.set(k, String(v));
  const s = q.toString();
  return s ? `?${s}` : '';
}
