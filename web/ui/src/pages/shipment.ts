import type { Shipment } from '../api/types';

export interface ShipmentStep {
  kind: 'pack' | 'receive' | 'return' | 'dispatch' | 'arrive' | null;
  words: string;
}

/** What the state of a shipment asks of an organisation; null when nothing. */
export function nextStep(s: Pick<Shipment, 'state' | 'reason' | 'stopped' | 'seller' | 'buyer'>, org: string): ShipmentStep {
  const seller = s.seller.id === org;
  const buyer = s.buyer.id === org;
  if (s.stopped && (s.state === 'packing' || s.state === 'packed')) return { kind: null, words: `Stopped: ${s.stopped}` };
  switch (s.state) {
    case 'packing': return seller ? { kind: 'pack', words: 'Scan each serial into the box' } : { kind: null, words: 'The seller packs' };
    case 'packed': return seller ? { kind: 'dispatch', words: 'Name the carrier' } : { kind: null, words: 'The seller dispatches' };
    case 'dispatched': return buyer ? { kind: 'arrive', words: 'At your dock?' } : { kind: null, words: 'With the carrier' };
    case 'arrived': return buyer ? { kind: 'receive', words: 'Scan each serial in' } : { kind: null, words: 'The buyer receives' };
    case 'received': return { kind: null, words: 'Every serial was received' };
    case 'cancelled': return { kind: null, words: 'The trade is over; nothing is sent' };
    case 'returning': return seller ? { kind: 'return', words: 'Scan each serial that comes back' } : { kind: null, words: 'The buyer sends the machines back' };
    case 'returned': return { kind: null, words: 'Every serial is back with the seller' };
    case 'exception': return { kind: null, words: s.reason ? `Stopped: ${s.reason}` : 'Stopped' };
  }
}
