/** Where a person starts, by the role that has most to do there. */
export function homeOf(roles: readonly string[]): string {
  if (roles.includes('desk')) return '/desk';
  if (roles.some((r) => ['owner', 'trader'].includes(r))) return '/market';
  if (roles.includes('operator')) return '/fleet';
  if (roles.includes('logistics')) return '/logistics';
  if (roles.includes('treasury')) return '/money';
  return '/fleet';
}

/** Only a path of this app is a place to go on to after sign-in. */
export function safeNext(next: string | null, fallback: string): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : fallback;
}
