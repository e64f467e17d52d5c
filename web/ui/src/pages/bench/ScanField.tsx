import { useEffect, useRef, useState, type KeyboardEvent, type SyntheticEvent } from 'react';
import { Kbd } from '../../parts/Parts';
import { Camera, cameraReads } from './Camera';

/** The field that is always ready: a wedge, the keyboard and the camera end here. */
export function ScanField({ onScan, onUndo, onClear, onBack }: {
  onScan: (raw: string) => void; onUndo: () => void; onClear: () => void; onBack: () => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [camera, setCamera] = useState(false);
  useEffect(() => {
    field.current?.focus();
    // A scanner types wherever the focus is: its first character brings the
    // focus here, unless somebody is typing into another field.
    const onKey = (ev: globalThis.KeyboardEvent) => {
      const at = ev.target;
      const typing = at instanceof HTMLElement && (['INPUT', 'TEXTAREA', 'SELECT'].includes(at.tagName) || at.closest('[role="dialog"]'));
      if (!typing && ev.key.length === 1 && !ev.ctrlKey && !ev.metaKey && !ev.altKey) field.current?.focus();
    };
    window.addEventListener('keydown', onKey, true);
    return () => window.removeEventListener('keydown', onKey, true);
  }, []);
  const submit = (ev: SyntheticEvent) => {
    ev.preventDefault();
    const raw = text;
    setText('');
    if (raw.trim()) onScan(raw);
    else onClear();
  };
  const onKey = (ev: KeyboardEvent) => {
    if (text !== '') return;
    if (ev.key === 'Backspace') {
      ev.preventDefault();
      onUndo();
    }
    if (ev.key === 'Escape') onBack();
  };
  return (
    <>
      <form className="bn-scan" onSubmit={submit} onClick={() => field.current?.focus()}>
        <svg width="30" height="26" viewBox="0 0 30 26" fill="currentColor" aria-hidden>
          <path d="M0 0h3v26H0zM5 0h1v26H5zM8 0h3v26H8zM13 0h2v26h-2zM17 0h4v26h-4zM23 0h1v26h-1zM26 0h1v26h-1zM28 0h2v26h-2z" />
        </svg>
        <input
          ref={field} value={text} aria-label="Scan or type a serial" placeholder="Scan a serial" autoComplete="off" autoCapitalize="characters"
          spellCheck={false} inputMode={camera ? 'none' : undefined} onChange={(ev) => setText(ev.currentTarget.value)} onKeyDown={onKey}
          onBlur={() => setTimeout(() => document.activeElement === document.body && field.current?.focus(), 0)}
        />
        {cameraReads() && <button type="button" className="btn bn-cam" onClick={() => setCamera((on) => !on)} aria-pressed={camera}>Camera</button>}
        <span className="t2 sm bn-hint">or type, <Kbd>↵</Kbd></span>
      </form>
      {camera && <Camera onCode={onScan} onClose={() => setCamera(false)} />}
    </>
  );
}
