// Pictures of the pages over the fixture, for a look beside the targets:
//   SHOTS=folder [FIXTURE_STATE=full] [ONLY=life,market] node e2e/shots.mjs
import { mkdirSync } from 'node:fs';
import { launch, newPage } from './browser.mjs';
import { NOW } from './fixture/data.mjs';
import { serveFixture } from './fixture/server.mjs';

const out = process.env.SHOTS ?? 'shots';
const only = process.env.ONLY?.split(',');
mkdirSync(out, { recursive: true });

const PAGES = {
  signin: '/signin', welcome: '/welcome', life: '/units/0199e7c2-0000-7000-8000-000000000417', market: '/market', fleet: '/fleet',
  redirects: '/redirects', plan: '/redirects/x', miner: '/miners/0199e7c2-0000-7000-8000-0000000a0417',
  logistics: '/logistics/all', bench: '/logistics/0199e7c2-1111-7000-8000-000000000931', take: '/logistics/import', pool: '/pool', workers: '/pool/workers', worker: '/pool/workers/w0', statements: '/pool/statements', money: '/money', payouts: '/money/payouts', treasury: '/treasury', desk: '/desk',
};

const server = await serveFixture(process.env.FIXTURE_STATE);
const browser = await launch();
try {
  for (const scheme of ['dark', 'light']) {
    for (const width of [1440, 390]) {
      for (const [name, path] of Object.entries(PAGES)) {
        if (only && !only.includes(name)) continue;
        const page = await newPage(browser, scheme, width);
        page.on('pageerror', (err) => console.log(`${name}: ${err.message}`));
        page.on('console', (m) => m.type() === 'error' && console.log(`${name}: ${m.text()}`));
        await page.clock.setFixedTime(NOW);
        if (name !== 'signin' && name !== 'welcome') {
          await page.request.post(`${server.url}/api/v1/session`, { data: {} });
        } else {
          await page.request.delete(`${server.url}/api/v1/session`);
        }
        await page.goto(server.url + path);
        await page.waitForLoadState('load');
        await page.evaluate(() => document.fonts.ready);
        await page.waitForTimeout(700);
        if (name === 'bench') {
          await page.keyboard.type('SMTTEZUBDJCKH0988');
          await page.keyboard.press('Enter');
          await page.waitForTimeout(400);
        }
        await page.screenshot({ path: `${out}/${name}-${scheme}-${width}.png` });
        await page.context().close();
      }
    }
  }
} finally {
  await browser.close();
  server.close();
}
