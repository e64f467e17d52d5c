// Signing in and looking around, for every browser test.
import assert from 'node:assert/strict';
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

export async function enter(page, user, path = '/') {
  await page.goto(`${base}/signin?next=${encodeURIComponent(path)}`);
  await page.getByLabel('E-mail').fill(user.email);
  await page.getByLabel('Password').fill(user.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().click();
  await page.waitForURL((u) => !u.pathname.startsWith('/signin'));
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
