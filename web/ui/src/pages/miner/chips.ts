import { heat } from '../fleet/health';

/** "ooo oxo": o answers, x does not; everything else is a gap between groups. */
export function chipsOf(map: string): boolean[] {
  return Array.from(map.toLowerCase()).filter((c) => c === 'o' || c === 'x').map((c) => c === 'o');
}

/** The ramp of a temperature; what was not read is at rest. */
export function heatOf(c: number | undefined): string {
  const paint = heat(c);
  return paint === 'hollow' ? 'r2' : paint;
}
