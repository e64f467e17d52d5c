import { useEffect, useSyncExternalStore } from 'react';

// The page's own title: the browser tab and the phone's title bar show it.

let current = '';
const subscribers = new Set<() => void>();

export function useTitle(): string {
  return useSyncExternalStore(
    (fn) => {
      subscribers.add(fn);
      return () => subscribers.delete(fn);
    },
    () => current,
  );
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    current = title;
    document.title = title ? `${title} · hashyard` : 'hashyard';
    for (const fn of subscribers) fn();
  }, [title]);
}
