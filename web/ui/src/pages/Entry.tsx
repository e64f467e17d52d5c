import type { ReactNode } from 'react';
import { SchemeSwitch } from '../frame/TopBar';
import { Mark } from '../parts/Icon';
import './entry.css';

/** The frame of pages before the sign-in that a mailed link opens. */
export function Entry({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="entry">
      <header className="entry-top"><Mark size={24} /><SchemeSwitch /></header>
      <div className="entry-body">
        <section className="entry-form" aria-labelledby="entry-title">
          <h1 id="entry-title">{title}</h1>
          {children}
        </section>
      </div>
    </main>
  );
}

/** A password that is being chosen. Passwords known from breaches are not
 *  looked up: this server fetches no list. */
export function PasswordField({ label, value, onChange, autoFocus = false }: { label: string; value: string; onChange: (v: string) => void; autoFocus?: boolean }) {
  const left = 12 - Array.from(value).length;
  return (
    <>
      <label htmlFor="new-password">{label}</label>
      <input
        id="new-password" className="input" type="password" autoComplete="new-password" required minLength={12} maxLength={512} autoFocus={autoFocus}
        value={value} onChange={(ev) => onChange(ev.currentTarget.value)} aria-describedby="new-password-about"
      />
      <p id="new-password-about" className="sm t2">
        {left > 0 ? `At least 12 characters; ${left} to go.` : 'Long enough.'} It is not looked up in lists of leaked passwords, so choose one that you use nowhere else.
      </p>
    </>
  );
}
