import { useEffect, useLayoutEffect, useRef } from 'react';

// Keys of the whole app. A binding is "b", "?", "Shift+ArrowUp", "mod+k" (⌘ or
// Ctrl), "alt+x", or a chord "g m". Plain keys are dead while a person types.

export type Bindings = Record<string, (ev: KeyboardEvent) => void>;

interface KeyLike {
  key: string;
  code?: string;
  metaKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** The name of a pressed key as bindings spell it. */
export function keyName(e: KeyLike): string {
  // Alt changes `key` on some layouts (⌥X gives ≈); the code does not lie.
  const letter = e.altKey && e.code?.startsWith('Key') ? e.code.slice(3).toLowerCase() : e.key;
  const name = letter.length === 1 ? letter.toLowerCase() : letter;
  const mods = (e.metaKey || e.ctrlKey ? 'mod+' : '') + (e.altKey ? 'alt+' : '');
  // Shift is part of the name where the character does not show it already.
  const shift = e.shiftKey && (name.length > 1 || /^[a-z]$/.test(name)) ? 'Shift+' : '';
  return mods + shift + name;
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

const CHORD_MS = 900;

export function useHotkeys(bindings: Bindings, enabled = true): void {
  const current = useRef(bindings);
  useEffect(() => {
    current.current = bindings;
  });
  useEffect(() => {
    if (!enabled) return;
    let lead = '';
    let leadAt = 0;
    const onKey = (ev: KeyboardEvent) => {
      if (ev.defaultPrevented || ev.isComposing) return;
      const name = keyName(ev);
      const plain = !name.startsWith('mod+') && !name.startsWith('alt+') && name !== 'Escape';
      if (plain && (typing(ev.target) || dialogOpen())) return;
      if (name === 'Enter' && pressable(ev.target)) return;
      const chord = lead !== '' && ev.timeStamp - leadAt < CHORD_MS ? `${lead} ${name}` : '';
      const fn = (chord && current.current[chord]) || current.current[name];
      if (fn) {
        lead = '';
        ev.preventDefault();
        fn(ev);
        return;
      }
      lead = name;
      leadAt = ev.timeStamp;
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [enabled]);
}

/** Enter belongs to the link or the button that has the focus. */
function pressable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a[href], button, summary') !== null;
}

/** Esc where nothing is open, picked or typed in: fn runs once nobody else took the key. */
export function useEscape(fn: (() => void) | null): void {
  const current = useRef(fn);
  useEffect(() => {
    current.current = fn;
  });
  // A dialog closes by the same key: it is looked for before anybody hears it.
  useLayoutEffect(() => {
    const onKey = (ev: KeyboardEvent) => {
      if (ev.key !== 'Escape' || ev.isComposing || typing(ev.target) || dialogOpen() || menuOpen()) return;
      setTimeout(() => !ev.defaultPrevented && current.current?.());
    };
    window.addEventListener('keydown', onKey, true);
    return () => window.removeEventListener('keydown', onKey, true);
  }, []);
}

function menuOpen(): boolean {
  return document.querySelector('[role="menu"], [role="listbox"]') !== null;
}

function dialogOpen(): boolean {
  return document.querySelector('[role="dialog"][aria-modal="true"]') !== null;
}
