import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useSyncExternalStore, type ReactNode } from 'react';
import type { Key } from './affected';
import { liveStore, type LiveStore } from './connect';
import { initial, type Live } from './state';

const GATHER_MS = 120;

const Context = createContext<LiveStore | null>(null);

/** Opens the stream while it is mounted: for signed-in people only. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const store = useMemo(() => {
    // Bursts are gathered: a query is fetched again once per window, and a
    // steady stream can never keep cancelling the same request.
    const waiting = new Map<string, Key>();
    const flush = () => {
      const keys = [...waiting.values()];
      waiting.clear();
      for (const queryKey of keys) void client.invalidateQueries({ queryKey: [...queryKey] });
    };
    return liveStore('/api/v1/events', (keys) => {
      if (waiting.size === 0) setTimeout(flush, GATHER_MS);
      for (const key of keys ?? [[]]) waiting.set(key.join('/'), key);
    });
  }, [client]);
  useEffect(() => {
    store.start();
    return () => store.stop();
  }, [store]);
  return <Context.Provider value={store}>{children}</Context.Provider>;
}

const never = () => () => undefined;

export function useLive(): Live {
  const store = useContext(Context);
  return useSyncExternalStore(store?.subscribe ?? never, store?.get ?? (() => initial));
}
