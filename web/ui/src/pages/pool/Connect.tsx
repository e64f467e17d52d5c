import { useQuery } from '@tanstack/react-query';
import { poolQuery, useMe } from '../../api/queries';
import { duration } from '../../lib/time';
import { Copy } from '../../parts/Actions';
import { Line } from '../../parts/Parts';
import { Failed, SkeletonBlock } from '../../parts/States';

/** What to type into a machine. */
export function Connect() {
  const q = useQuery(poolQuery);
  const me = useMe().data;
  const pool = q.data;
  if (q.isError) return <Failed what="The pool's address was not read" error={q.error} onRetry={() => void q.refetch()} />;
  if (!pool) return <SkeletonBlock />;
  const account = me?.org.slug ?? 'account';
  const user = `${account}.rig1`;
  return (
    <div className="pl-connect">
      <dl>
        <Line label="URL"><span className="mono">{pool.stratum_url}</span> <Copy text={pool.stratum_url} label="the URL" /></Line>
        <Line label="User"><span className="mono">{user}</span> <Copy text={user} label="the user" /></Line>
        <Line label="Password"><span className="mono">x</span> <Copy text="x" label="the password" /></Line>
        <Line label="Password, first difficulty"><span className="mono">x,d=65536</span> <Copy text="x,d=65536" label="the password with a first difficulty" /></Line>
        <Line label="Password, lowest difficulty"><span className="mono">x,md=1024</span> <Copy text="x,md=1024" label="the password with a lowest difficulty" /></Line>
        <Line label="Password, fixed difficulty"><span className="mono">x,fd=65536</span> <Copy text="x,fd=65536" label="the password with a fixed difficulty" /></Line>
      </dl>
      <p className="t2">The user is <span className="mono">{account}.worker</span>: your account, a dot, and the name of a worker of yours; any password will do for a worker that has no machine of its own. Machines that the yard redirects get their own user and secret by themselves.</p>
      <p className="t2">Stratum V1, version rolling by BIP 310. A port with TLS is written <span className="mono">stratum+ssl://</span>; each port has a lowest difficulty of its own, below which no option goes. Every accepted share is on disk before it is answered, and paid at its job’s rate. Periods last {duration(pool.settlement_period_ms / 1000)}.</p>
      <p><a href="/docs/pool">All of it, with what refusals mean</a></p>
    </div>
  );
}
