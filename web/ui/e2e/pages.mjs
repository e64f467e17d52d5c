// Every page of the app, as whom it is looked at, and what shows that it is
// there. The walk opens each in both schemes and sizes: see walk.mjs.
import { first } from './session.mjs';

/**
 * @typedef {object} PageOf
 * @property {string} name of its pictures
 * @property {string | (() => Promise<string>)} path
 * @property {string | null} as whose page, see person(); null is nobody's
 * @property {string} ready a selector that is there once the page has its figures
 */

/** @type {PageOf[]} */
export const PAGES = [
  { name: 'signin', path: '/signin', as: null, ready: 'h1' },
  { name: 'welcome', path: '/welcome', as: null, ready: '.roles li' },
  { name: 'market', path: '/market', as: 'buyer.trader', ready: '.page :text("My orders")' },
  { name: 'life', path: async () => `/units/${await first('buyer.viewer', '/units')}`, as: 'buyer.viewer', ready: '.ll-node' },
  { name: 'fleet', path: '/fleet', as: 'buyer.operator', ready: 'table tbody tr td a, .empty' },
  { name: 'logistics', path: '/logistics', as: 'seller.logistics', ready: 'table, .empty' },
  { name: 'pool', path: '/pool', as: 'buyer.owner', ready: 'h2' },
  { name: 'money', path: '/money', as: 'buyer.owner', ready: 'h2, .empty' },
  { name: 'not-found', path: '/no/such/page', as: 'buyer.trader', ready: '.empty' },
];
