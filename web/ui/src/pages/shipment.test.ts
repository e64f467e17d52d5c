import { describe, expect, it } from 'vitest';
import { nextStep } from './shipment';

const s = (state: Parameters<typeof nextStep>[0]['state']) =>
  ({ state, seller: { id: 's', name: 'S' }, buyer: { id: 'b', name: 'B' } });

describe('nextStep asks one side at a time', () => {
  it.each([
    ['packing', 'pack', null], ['packed', 'dispatch', null], ['dispatched', null, 'arrive'], ['arrived', null, 'receive'],
    ['received', null, null], ['exception', null, null],
    ['cancelled', null, null], ['returning', 'return', null], ['returned', null, null],
  ] as const)('%s', (state, seller, buyer) => {
    expect(nextStep(s(state), 's').kind).toBe(seller);
    expect(nextStep(s(state), 'b').kind).toBe(buyer);
    expect(nextStep(s(state), 'other').kind).toBeNull();
    expect(nextStep(s(state), 'other').words).not.toBe('');
  });
  it('stops packing while the desk decides', () => {
    expect(nextStep({ ...s('packing'), stopped: 'disputed' }, 's')).toEqual({ kind: null, words: 'Stopped: disputed' });
  });
});
