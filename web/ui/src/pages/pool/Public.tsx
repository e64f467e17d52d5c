import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { meQuery } from '../../api/queries';
import { SchemeSwitch } from '../../frame/TopBar';
import { Mark } from '../../parts/Icon';
import '../entry.css';
import './pool.css';

/** The frame of the pool's pages that need no sign-in. */
export function Public({ title, about, children }: { title: ReactNode; about?: ReactNode; children: ReactNode }) {
  const me = useQuery(meQuery).data;
  return (
    <main className="pl-public">
      <header className="entry-top"><Mark size={24} /><span className="pl-public-go"><Link className="btn btn-sm" to={me ? '/pool' : '/signin'}>{me ? 'To the pool' : 'Sign in'}</Link><SchemeSwitch /></span></header>
      <header className="pl-worker"><h1>{title}</h1>{about !== undefined && <span className="t2">{about}</span>}</header>
      {children}
    </main>
  );
}
