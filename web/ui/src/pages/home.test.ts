import { describe, expect, it } from 'vitest';
import { homeOf, safeNext } from './home';

describe('homeOf', () => {
  it.each([
    [['trader'], '/market'], [['operator'], '/fleet'], [['desk'], '/desk'], [['logistics'], '/logistics'], [['treasury'], '/money'],
    [['owner', 'operator'], '/market'], [['viewer'], '/fleet'], [[], '/fleet'],
  ])('%j → %s', (roles, want) => expect(homeOf(roles)).toBe(want));
});

describe('safeNext', () => {
  it.each(['//evil.example', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)', '', null])(
    'refuses %j', (n) => expect(safeNext(n, '/market')).toBe('/market'));
  it('keeps a path', () => expect(safeNext('/units/1?x=2', '/market')).toBe('/units/1?x=2'));
});
