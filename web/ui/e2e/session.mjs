// Signing in and looking around, for every browser test.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { newPage } from './browser.mjs';

export const world = JSON.parse(readFileSync(process.env.WORLD ?? 'world.json', 'utf8'));
export const base = (process.env.BASE_URL ?? world.url).replace(/\/$/, '');

/** A person of the world: "trader", or "buyer.trader" by organisation. */
export function person(name) {
  const [role, slug] = name.split('.').reverse();
  const org = world.organisations?.find((o) => o.slug === slug)?.id;
  const u = world.sign_ins.find((s) => s.role === role && (!slug || s.org === org));
  assert.ok(u, `world.json has no sign-in ${name}`);
  return u;
}

/** The API with a key of the world, for what a test must know beforehand. */
export async function ask(key, path, method = 'GET', body) {
  const headers = { Authorization: `Bearer ${world.keys[key]}` };
  if (method === 'POST') headers['Idempotency-Key'] = crypto.randomUUID();
  if (body) headers['Content-Type'] = 'application/json';
  const res = await fetch(`${world.url}/api/v1${path}`, { method, headers, body: body ? JSON.stringify(body) : undefined });
  assert.ok(res.ok, `${method} ${path}: ${res.status} ${await res.clone().text()}`);
  return res.status === 204 ? null : res.json();
}

/** The id of the first thing of a list. */
export async function first(key, path) {
  const { items } = await ask(key, path);
  assert.ok(items.length > 0, `${path} is empty for ${key}`);
  return items[0].id;
}

/** The token of a new watcher link that shows everything. */
export const watchToken = async (key) =>
  (await ask(key, '/pool/watch-links', 'POST', { name: 'browser test', workers: true, earnings: true, expires_in_days: 1 })).token;

/** A page that remembers its script errors. */
export async function open(browser, scheme = 'dark', width = 1440) {
  const page = await newPage(browser, scheme, width);
  page.errors = [];
  page.on('pageerror', (err) => page.errors.push(err.message));
  page.on('console', (m) => {
    if (/Content Security Policy/.test(m.text())) page.errors.push(m.text());
  });
  return page;
}

const cookies = new Map();

/** Signs a person in, the first time by hand, then with the session they have: a code works once in half a minute. */
export async function enter(page, user, path = '/') {
  if (cookies.has(user.email)) {
    await page.context().addCookies(cookies.get(user.email));
    if ((await page.request.get(`${base}/api/v1/me`)).ok()) {
      await page.goto(base + path);
      return;
    }
    await page.context().clearCookies();
  }
  await page.goto(`${base}/signin?next=${encodeURIComponent(path)}`);
  await page.getByLabel('E-mail').fill(user.email);
  await page.getByLabel('Password').fill(user.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().click();
  if (user.totp) await showCode(page, user.totp);
  await page.waitForURL((u) => !u.pathname.startsWith('/signin'));
  cookies.set(user.email, await page.context().cookies());
}

/** The code of an authenticator app, some steps from now. */
export function codeOf(secret, steps = 0) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac('sha1', base32(secret)).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

function base32(text) {
  let bits = '';
  for (const c of text.replace(/=+$/, '')) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  return Buffer.from(bits.match(/.{8}/g).map((b) => Number.parseInt(b, 2)));
}

/** Types codes until one that was not used yet is taken: each works once. */
export async function showCode(page, secret) {
  for (const steps of [-1, 0, 1]) {
    await page.getByLabel(/Code of your app/).fill(codeOf(secret, steps));
    const answer = page.waitForResponse((r) => r.url().endsWith('/api/v1/session/factor'));
    await page.getByRole('button', { name: 'Confirm', exact: true }).click();
    if ((await answer).ok()) return;
  }
  throw new Error('no code was taken: three were used in half a minute');
}

export const liveRing = (page) => page.getByRole('status', { name: 'live' }).waitFor();
export const clean = (page) => assert.deepEqual(page.errors, [], 'script errors on the page');

/** Runs named steps; the process fails when one of them does. */
export function steps() {
  let failed = 0;
  return {
    async step(name, fn) {
      const began = Date.now();
      try {
        const more = await fn();
        console.log(`ok    ${name} (${Date.now() - began} ms)${more ? ` · ${more}` : ''}`);
        return true;
      } catch (err) {
        failed++;
        console.log(`FAIL  ${name}: ${err instanceof Error ? err.message : err}`);
        return false;
      }
    },
    end() {
      console.log(failed === 0 ? 'browser: all steps hold' : `browser: ${failed} steps do not hold`);
      process.exit(failed === 0 ? 0 : 1);
    },
  };
}
