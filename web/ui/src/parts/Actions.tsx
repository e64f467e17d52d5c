import { Modal } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useAnnounce } from './Parts';

/** Copies a text and says so. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  const announce = useAnnounce();
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setDone(true);
      announce(`${label} copied`);
      setTimeout(() => setDone(false), 1500);
    });
  };
  return <button type="button" className="btn btn-sm btn-quiet" onClick={copy} aria-label={`Copy ${label}`}>{done ? 'Copied' : 'Copy'}</button>;
}

/** A list as a file: the link of a CSV the server makes. */
export function Download({ href, children }: { href: string; children: ReactNode }) {
  return <a className="btn btn-sm" href={href} download>{children}</a>;
}

/** A question before something that cannot be taken back: Enter does it, Esc leaves it. */
export function Confirm({ opened, title, children, does, bad, busy, onYes, onNo }: {
  opened: boolean; title: string; children: ReactNode; does: string; bad?: boolean; busy?: boolean; onYes: () => void; onNo: () => void;
}) {
  return (
    <Modal opened={opened} onClose={onNo} title={title} centered shadow="none">
      <form onSubmit={(ev) => { ev.preventDefault(); onYes(); }}>
        {children}
        <div className="confirm-actions">
          <button type="button" className="btn" onClick={onNo}>Leave it <kbd className="kbd">esc</kbd></button>
          <button type="submit" className={bad ? 'btn btn-bad' : 'btn btn-primary'} disabled={busy} data-autofocus>{does} <kbd className="kbd">↵</kbd></button>
        </div>
      </form>
    </Modal>
  );
}

/** Progress of what takes over a second: words, then a bar when it is known how far. */
export function Progress({ label, part }: { label: string; part?: number }) {
  return (
    <div className="progress" role="progressbar" aria-label={label} aria-valuenow={part === undefined ? undefined : Math.round(part * 100)}>
      <span className="sm t2">{label}</span>
      <div className="clock-bar"><span className={part === undefined ? 'unknown' : undefined} style={part === undefined ? undefined : { width: `${part * 100}%` }} /></div>
    </div>
  );
}
