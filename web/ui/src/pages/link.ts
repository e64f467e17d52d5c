import { useState } from 'react';

/** The token behind the # of a mailed link. It is read once and taken out of
 *  the address bar, so that it is not shown or shared with it. */
export function useLinkToken(): string {
  const [token] = useState(() => {
    const t = window.location.hash.slice(1);
    if (t) window.history.replaceState(window.history.state, '', window.location.pathname);
    return t;
  });
  return token;
}
