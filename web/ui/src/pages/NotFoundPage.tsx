import { Link } from 'react-router';
import { usePageTitle } from '../frame/title';
import { Empty } from '../parts/States';

export function NotFoundPage() {
  usePageTitle('Not found');
  return (
    <Empty title="There is no page here" action={<Link className="btn" to="/">Go to the start</Link>}>
      The address may be of an older version, or of something that was never here.
    </Empty>
  );
}
