import { useMe } from '../../api/queries';
import { usePageTitle } from '../../frame/title';
import { usePhone } from '../../parts/useNow';
import { Factors } from './Factors';
import { Keys } from './Keys';
import { Sessions } from './Sessions';
import './account.css';

/** Your factors, where you are signed in, and your organisation's API keys. */
export default function SecurityPage() {
  usePageTitle('Security');
  const me = useMe().data;
  const phone = usePhone();
  if (!me) return null;
  return (
    <article className="account">
      {!phone && <header className="page-head"><h1>Security</h1><span className="about">{me.user.email}</span></header>}
      <Factors me={me} />
      <Sessions />
      {me.can.includes('keys.write') && <Keys me={me} />}
    </article>
  );
}
