import { useEffect, useState } from 'react';

/** The current time, ms, refreshed on the second (or slower). */
export function useNow(everyMs = 1000): number {
  const [now, set] = useState(() => Date.now());
  useEffect(() => {
    let t: ReturnType<typeof setTimeout>;
    const tick = () => {
      const n = Date.now();
      set(n);
      t = setTimeout(tick, everyMs - (n % everyMs));
    };
    t = setTimeout(tick, everyMs - (Date.now() % everyMs));
    return () => clearTimeout(t);
  }, [everyMs]);
  return now;
}

export function useMedia(q: string): boolean {
  const [on, set] = useState(() => window.matchMedia(q).matches);
  useEffect(() => {
    const m = window.matchMedia(q);
    const fn = () => set(m.matches);
    m.addEventListener('change', fn);
    return () => m.removeEventListener('change', fn);
  }, [q]);
  return on;
}

export const usePhone = () => useMedia('(width < 760px)');
