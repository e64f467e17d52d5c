// Every page of the app, as whom it is looked at, and what shows that it is
// there. The walk opens each in both schemes and sizes: see walk.mjs.
import { first, watchToken } from './session.mjs';

/**
 * @typedef {object} PageOf
 * @property {string} name of its pictures
 * @property {string | (() => Promise<string>)} path
 * @property {string | null} as whose page, see person(); null is nobody's
 * @property {string} [press] a key pressed once it is there
 * @property {string} ready a selector that is there once the page has its figures
 */

/** @type {PageOf[]} */
export const PAGES = [
  { name: 'signin', path: '/signin', as: null, ready: 'h1' },
  { name: 'welcome', path: '/welcome', as: null, ready: '.roles li' },
  { name: 'market', path: '/market', as: 'buyer.trader', ready: '.page :text("My orders")' },
  { name: 'market-ticket', path: '/market', as: 'buyer.trader', ready: '.page :text("My orders")', press: 'o' },
  { name: 'market-desk', path: '/market', as: 'house.desk', ready: ':text("Halt trading"), :text("Resume trading")' },
  { name: 'life', path: async () => `/units/${await first('buyer.viewer', '/units')}`, as: 'buyer.viewer', ready: '.ll-node, .lifelist button' },
  { name: 'fleet', path: '/fleet', as: 'buyer.operator', ready: '.fl-main tbody td, .empty' },
  { name: 'fleet-units', path: '/fleet/units', as: 'buyer.operator', ready: 'table tbody tr td a, .empty' },
  { name: 'redirects', path: '/redirects', as: 'buyer.operator', ready: '.rd-singles tbody td, .rd-singles .empty' },
  { name: 'miner', path: async () => `/miners/${await first('seller.operator', '/miners')}`, as: 'seller.operator', ready: '.mn-boards, .empty' },
  { name: 'logistics', path: '/logistics', as: 'seller.logistics', ready: 'table, .empty' },
  { name: 'shipments', path: '/logistics/all', as: 'seller.logistics', ready: 'table tbody tr td button, .empty' },
  { name: 'shipment', path: async () => `/logistics/${await first('seller.logistics', '/shipments')}`, as: 'seller.logistics', ready: '.bn-what, .bn-progress' },
  { name: 'import', path: '/logistics/import', as: 'seller.owner', ready: '.bn-drop' },
  { name: 'pool', path: '/pool', as: 'buyer.owner', ready: '.pl-luck-line' },
  { name: 'pool-workers', path: '/pool/workers', as: 'seller.owner', ready: 'table tbody tr td button, .empty' },
  { name: 'pool-worker', path: async () => `/pool/workers/${await first('seller.owner', '/pool/workers')}`, as: 'seller.owner', ready: '.pl-finding, .pl-three .empty' },
  { name: 'pool-blocks', path: '/pool/blocks', as: 'buyer.owner', ready: 'table tbody tr td b, .empty' },
  { name: 'pool-terms', path: '/pool/terms', as: 'seller.owner', ready: 'table tbody tr td .mono, .empty' },
  { name: 'pool-terms-house', path: '/pool/terms', as: 'house.treasury', ready: '.pl-lines' },
  { name: 'pool-watchers', path: '/pool/watchers', as: 'seller.owner', ready: '.og-form' },
  { name: 'pool-watch', path: async () => `/watch#${await watchToken('seller.owner')}`, as: null, ready: '.pl-watch-workers tbody td .mono' },
  { name: 'pool-watch-broken', path: '/watch', as: null, ready: '.empty' },
  { name: 'pool-status', path: '/status', as: null, ready: '.figure-value' },
  { name: 'statements', path: '/pool/statements', as: 'seller.owner', ready: 'table tbody tr td button, .empty' },
  { name: 'statement', path: async () => `/pool/statements/${await first('seller.owner', '/pool/statements')}`, as: 'seller.owner', ready: '.sm-lines .glyph, .sm-lines svg' },
  { name: 'money', path: '/money', as: 'buyer.owner', ready: 'h2, .empty' },
  { name: 'payouts', path: '/money/payouts', as: 'seller.owner', ready: 'table tbody tr td button, .empty' },
  { name: 'treasury', path: '/treasury', as: 'house.treasury', ready: '.ts-body' },
  { name: 'desk', path: '/desk', as: 'house.desk', ready: '.figure-made:not(:empty)' },
  { name: 'desk-denied', path: '/desk', as: 'buyer.trader', ready: '[role=note]' },
  { name: 'desk-organisations', path: '/desk/verifications', as: 'house.desk', ready: '.og-side h2' },
  { name: 'desk-sanctions', path: '/desk/sanctions', as: 'house.desk', ready: '.og-side form' },
  { name: 'members', path: '/organisation', as: 'seller.owner', ready: '.og-side form' },
  { name: 'verification', path: '/organisation/verification', as: 'seller.owner', ready: '.og-lines' },
  { name: 'webhooks', path: '/organisation/webhooks', as: 'seller.owner', ready: '.og-side form' },
  { name: 'audit', path: '/organisation/audit', as: 'seller.owner', ready: '.og-chain' },
  { name: 'security', path: '/account/security', as: 'seller.owner', ready: '[aria-label="API keys"] tbody td.m' },
  { name: 'join', path: '/join#x', as: null, ready: '[role=alert]' },
  { name: 'reset', path: '/reset', as: null, ready: 'form' },
  { name: 'trades', path: '/trades', as: 'buyer.trader', ready: 'table tbody tr td a, .empty' },
  { name: 'trade-buyer', path: async () => `/trades/${await first('buyer.trader', '/trades')}`, as: 'buyer.trader', ready: '.clock' },
  { name: 'trade-seller', path: async () => `/trades/${await first('seller.trader', '/trades')}`, as: 'seller.trader', ready: '.clock' },
  { name: 'not-found', path: '/no/such/page', as: 'buyer.trader', ready: '.empty' },
];
