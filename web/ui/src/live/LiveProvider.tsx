import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useSyncExternalStore, type ReactNode } from 'react';
import { liveStore, type LiveStore } from './connect';
import { initial, type Live } from './state';

const Context = createContext<LiveStore | null>(null);

/** Opens the stream while it is mounted: for signed-in people only. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const store = useMemo(
    () => liveStore('/api/v1/events', (keys) => {
      if (keys === null) void client.invalidateQueries();
      else for (const queryKey of keys) void client.invalidateQueries({ queryKey: [...queryKey] });
    }),
    [client],
  );
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
