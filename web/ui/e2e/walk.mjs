// Looks at every page of pages.mjs in both schemes and sizes: no script error,
// nothing wider than the phone, and a picture of it. Each scheme and each size
// is once asked for serious faults of accessibility.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { PAGES } from './pages.mjs';
import { base, enter, open, person } from './session.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Fails on what axe calls serious or critical. */
export async function axe(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run(document, {
    resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
  }));
  const bad = found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  assert.deepEqual(bad.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(' | ')} (${v.nodes[0].failureSummary?.split('\n')[1]?.trim()})`), [], 'accessibility');
}

/** Dark and wide, light and narrow: all colours and both layouts. */
const axed = new Set(['dark-1440', 'light-390']);

/** One page in one scheme and size. */
async function look(page, p, path, variant, shots) {
  page.errors.length = 0;
  await page.goto(base + path);
  await page.locator(p.ready).first().waitFor();
  if (p.press) await page.keyboard.press(p.press);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${wide} px wider than the screen`);
  assert.deepEqual(page.errors, [], 'script errors on the page');
  if (shots) await page.screenshot({ path: `${shots}/${p.name}-${variant}.png` });
  if (axed.has(variant)) await axe(page);
}

/** Walks all pages; every page is a step of its own. */
export async function walk(browser, step, shots, only = '') {
  for (const p of PAGES.filter((p) => p.name.includes(only))) {
    await step(`page ${p.name}${p.as ? ` as ${p.as}` : ''}`, async () => {
      const path = typeof p.path === 'string' ? p.path : await p.path();
      const faults = [];
      for (const scheme of ['dark', 'light']) {
        for (const width of [1440, 390]) {
          const page = await signedIn(browser, p.as, scheme, width);
          const variant = `${scheme}-${width}`;
          await look(page, p, path, variant, shots).catch((err) => faults.push(`${variant}: ${err.message}`));
        }
      }
      assert.deepEqual(faults, []);
    });
  }
  for (const page of kept.values()) await page.context().close();
  kept.clear();
}

/** Pages that stay signed in: one a person, scheme and size. */
const kept = new Map();

async function signedIn(browser, as, scheme, width) {
  const key = `${as} ${scheme} ${width}`;
  let page = kept.get(key);
  if (!page) {
    page = await open(browser, scheme, width);
    if (as) await enter(page, person(as), '/');
    kept.set(key, page);
  }
  return page;
}
