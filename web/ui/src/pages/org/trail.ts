// What an audit row says, in words: pure, so that it is tested.

interface Actor {
  user?: string;
  key?: string;
  house?: boolean;
  roles?: string[];
  system?: string;
}

/** Who did it: a person by name where known, else a person or key by role, or the house for a reason. */
export function whoDid(actor: unknown, names: ReadonlyMap<string, string> = new Map()): string {
  const a = (actor ?? {}) as Actor;
  const roles = a.roles?.join(', ') ?? '';
  const name = a.user && names.get(a.user);
  if (name) return name;
  if (a.user) return `${roles || 'somebody'}${a.house ? ' of the house' : ''} ${a.user.slice(-8)}`;
  if (a.key) return `key ${a.key.slice(-8)}${roles && ` (${roles})`}`;
  return a.system ? `hashyard: ${a.system}` : 'hashyard';
}

export interface Changed {
  path: string;
  was?: string;
  is: string;
}

/** The parts that differ, by their path; long lists are cut. */
export function changes(before: unknown, after: unknown, most = 40): Changed[] {
  const a = flat(before);
  const b = flat(after);
  const out: Changed[] = [];
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const was = a.get(path);
    const is = b.get(path);
    if (was === is) continue;
    out.push({ path, ...(was !== undefined && { was }), is: is ?? '' });
  }
  return out.slice(0, most);
}

function flat(v: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (v === null || v === undefined) return into;
  if (typeof v !== 'object') {
    into.set(path || 'value', typeof v === 'string' ? v : JSON.stringify(v));
    return into;
  }
  for (const [k, x] of Object.entries(v)) flat(x, path ? `${path}.${k}` : k, into);
  return into;
}
