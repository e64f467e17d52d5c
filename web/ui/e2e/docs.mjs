// The documentation: the API viewer draws the whole document under the strict
// policy, and every page looks the part. Called by run.mjs.
import assert from 'node:assert/strict';
import { base, clean, open } from './session.mjs';

/** How many operations the viewer shows while it is scrolled to its end: it draws what is near the screen only. */
async function drawn(page) {
  const seen = new Set();
  for (let at = 0, end = 1; at <= end; at += 400) {
    const found = await page.evaluate((y) => new Promise((done) => {
      window.scrollTo(0, y);
      requestAnimationFrame(() => requestAnimationFrame(() => done({
        end: document.documentElement.scrollHeight,
        ids: [...document.querySelectorAll('.opblock')].map((o) => o.querySelector('.opblock-summary-method')?.textContent + ' ' + o.querySelector('[data-path]')?.getAttribute('data-path')),
      })));
    }), at);
    for (const id of found.ids) seen.add(id);
    end = found.end;
  }
  await page.evaluate(() => window.scrollTo(0, 0));
  return seen.size;
}

export async function docs(browser, shots) {
  for (const [scheme, width] of [['dark', 1440], ['light', 390]]) {
    const page = await open(browser, scheme, width);
    const hosts = new Set();
    page.on('request', (r) => { if (/^https?:/.test(r.url())) hosts.add(new URL(r.url()).origin); });
    await page.goto(`${base}/docs`);
    await page.locator('.opblock').first().waitFor();
    const spec = await (await page.request.get(`${base}/openapi.json`)).json();
    const operations = Object.values(spec.paths).flatMap((p) => Object.keys(p).filter((m) => ['get', 'put', 'post', 'delete', 'patch'].includes(m)));
    assert.equal(await drawn(page), operations.length, 'operations that the viewer draws');
    await page.locator('.opblock').first().locator('.opblock-summary-control').click();
    await page.locator('.opblock.is-open .responses-wrapper').first().waitFor();
    if (shots) await page.screenshot({ path: `${shots}/docs-api-${scheme}-${width}.png` });
    for (const name of ['tour', 'pool', 'operations', 'configuration']) {
      await page.goto(`${base}/docs/${name}`);
      await page.locator('main h1').waitFor();
      const broken = await page.evaluate(() => [...document.images].filter((i) => !i.complete || i.naturalWidth === 0).map((i) => i.src));
      assert.deepEqual(broken, [], `${name}: pictures that do not show`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${name}: ${wide} px wider than the screen`);
      if (shots) await page.screenshot({ path: `${shots}/docs-${name}-${scheme}-${width}.png` });
    }
    assert.deepEqual([...hosts], [new URL(base).origin], 'another host was asked');
    clean(page);
    await page.context().close();
  }
}
