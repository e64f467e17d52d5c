/** What each role is for, in few words, in the order they are offered. */
export const ROLES: readonly { role: string; does: string; house?: boolean }[] = [
  { role: 'owner', does: 'everything, members and payout address included' },
  { role: 'trader', does: 'orders, trades and their funding' },
  { role: 'operator', does: 'machines, redirects and pool workers' },
  { role: 'logistics', does: 'packing, dispatch and receiving by scan' },
  { role: 'viewer', does: 'reads, changes nothing' },
  { role: 'desk', does: 'decides for the house', house: true },
  { role: 'treasury', does: 'coins and payouts of the house', house: true },
];

export const rolesOf = (house: boolean) => ROLES.filter((r) => house || !r.house);

export const capital = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);

/** The roles with one put in or taken out, in the order they are offered. */
export function toggled(roles: readonly string[], role: string): string[] {
  const next = new Set(roles);
  if (!next.delete(role)) next.add(role);
  return ROLES.map((r) => r.role).filter((r) => next.has(r));
}
