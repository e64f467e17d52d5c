import { describe, expect, it } from 'vitest';
import { toggled } from './roles';
import { changes, whoDid } from './trail';

describe('an audit row in words', () => {
  it('says who did it', () => {
    expect(whoDid({ user: '01a210f4-7c1e-7000-ab48-6c1a75b4c8d5', roles: ['owner'] })).toBe('owner 75b4c8d5');
    expect(whoDid({ user: '01a210f4-7c1e-7000-ab48-6c1a75b4c8d5', roles: ['desk'], house: true })).toBe('desk of the house 75b4c8d5');
    expect(whoDid({ key: '01a210f4-7c1e-7000-ab48-6c1a75b4c8d5', roles: ['trader'] })).toBe('key 75b4c8d5 (trader)');
    expect(whoDid({ user: 'u', roles: ['owner'] }, new Map([['u', 'Ann Berg']]))).toBe('Ann Berg');
    expect(whoDid({ system: 'web.reset' })).toBe('hashyard: web.reset');
    expect(whoDid(null)).toBe('hashyard');
  });

  it('lists what differs and nothing else', () => {
    expect(changes({ roles: ['viewer'], name: 'Ann', version: 1 }, { roles: ['owner'], name: 'Ann', version: 2 })).toEqual([
      { path: 'roles.0', was: 'viewer', is: 'owner' }, { path: 'version', was: '1', is: '2' },
    ]);
    expect(changes(undefined, { a: { b: true } })).toEqual([{ path: 'a.b', is: 'true' }]);
    expect(changes({ gone: 1 }, undefined)).toEqual([{ path: 'gone', was: '1', is: '' }]);
    expect(changes(null, null)).toEqual([]);
    expect(changes({}, Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`k${i}`, i])))).toHaveLength(40);
  });
});

describe('roles', () => {
  it('go in and out in the order they are offered', () => {
    expect(toggled(['viewer'], 'owner')).toEqual(['owner', 'viewer']);
    expect(toggled(['owner', 'viewer'], 'owner')).toEqual(['viewer']);
  });
});
