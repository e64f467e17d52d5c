// Drives the real binary with Chromium:
//   WORLD=path/to/world.json [BASE_URL=http://…] [SHOTS=folder] node e2e/run.mjs
// It changes little that lasts: the one order it places is far from the market
// and is cancelled again; a worker's secret and watcher links are made anew. Every wait is for text that the app shows.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { launch } from './browser.mjs';
import { docs } from './docs.mjs';
import { identity } from './identity.mjs';
import { pool } from './pool.mjs';
import { base, clean, enter, liveRing, open, person, steps, world } from './session.mjs';
import { walk } from './walk.mjs';

const shots = process.env.SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

const browser = await launch();
const { step, end } = steps();

await step('a page behind the sign-in asks who you are and goes on after it', async () => {
  const page = await open(browser, 'dark', 1440);
  await page.goto(`${base}/fleet`);
  await page.waitForURL(/\/signin\?next=%2Ffleet/);
  await page.getByLabel('E-mail').fill('nobody@local');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().click();
  await page.getByText('do not match an account').waitFor();
  clean(page);
  await page.context().close();
});

await step('the local world offers its sign-ins by role, one key each', async () => {
  const page = await open(browser, 'dark', 1440);
  await page.goto(`${base}/welcome`);
  await page.getByText('Sign in by role').waitFor();
  assert.equal(await page.locator('.roles li').count(), world.sign_ins.length);
  await page.keyboard.press('1');
  await page.waitForURL((u) => u.pathname !== '/welcome');
  await liveRing(page);
  clean(page);
  await page.context().close();
});

await step('the terminal shows instruments, depth, tape and ticket, live', async () => {
  const page = await open(browser, 'dark', 1440);
  await enter(page, person('trader'), '/market');
  await liveRing(page);
  for (const name of ['Instruments', 'Depth', 'Tape', 'Order', 'My orders', 'Positions']) {
    await page.getByRole('heading', { name, exact: true }).waitFor();
  }
  assert.ok(await page.locator('.mk-inst').count() > 0, 'no instrument');
  clean(page);
  await page.context().close();
});

await step('keys: buy, price by ticks, send, the order rests, cancel', async () => {
  const page = await open(browser, 'light', 1440);
  await enter(page, person('trader'), '/market');
  await liveRing(page);
  await page.getByRole('heading', { name: 'Depth' }).waitFor(); // the page listens from here on
  await page.keyboard.press('s');
  await page.getByText(/^Serials to sell,/).waitFor();
  await page.keyboard.press('b');
  const price = page.getByLabel('Price in dollars per TH');
  await price.fill('0.02');
  await price.press('ArrowDown');
  assert.equal(await price.inputValue(), '0.01');
  await page.getByLabel('Units', { exact: true }).fill('1');
  const placed = page.waitForResponse((r) => r.url().endsWith('/api/v1/orders') && r.request().method() === 'POST');
  await page.keyboard.press('Control+Enter');
  const answer = await placed;
  assert.ok(answer.ok(), `POST /orders answered ${answer.status()}: ${await answer.text()}`);
  const { id } = await answer.json();
  const row = page.locator(`tr[data-order="${id}"]`);
  await row.getByText('Resting').waitFor();
  await row.click();
  await page.keyboard.press('x');
  await row.getByText('Cancelled').waitFor();
  clean(page);
  await page.context().close();
});

await step('? lists the keys, Esc closes them', async () => {
  const page = await open(browser, 'dark', 1440);
  await enter(page, person('trader'), '/market');
  await page.getByRole('heading', { name: 'Depth' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('price from the ladder').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.context().close();
});

await step('search finds a machine by its serial and opens its life line', async () => {
  const page = await open(browser, 'dark', 1440);
  await enter(page, person('trader'), '/fleet/units');
  const serial = await page.locator('table a.mono').first().textContent();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search' }).fill(serial);
  await page.getByRole('option', { name: new RegExp(serial) }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/units\//);
  await page.getByRole('heading', { name: serial }).waitFor();
  await page.locator('.ll-node').last().waitFor();
  assert.equal(await page.locator('.ll-node').count(), 11, 'the line has eleven nodes');
  const before = await page.locator('.ll-node[aria-pressed=true]').getAttribute('data-step');
  await page.keyboard.press(before === 'listed' ? 'j' : 'k');
  assert.notEqual(await page.locator('.ll-node[aria-pressed=true]').getAttribute('data-step'), before);
  clean(page);
  await page.context().close();
});

await step('a lost connection shows the amber strip and stops orders; it heals', async () => {
  const page = await open(browser, 'dark', 1440);
  await enter(page, person('trader'), '/market');
  await liveRing(page);
  await page.context().setOffline(true);
  await page.getByText(/^Not live since \d\d:\d\d:\d\d$/).waitFor();
  await page.getByText('Orders wait until the figures are live again').waitFor();
  await page.context().setOffline(false);
  await liveRing(page);
  await page.getByText(/^Not live since/).waitFor({ state: 'hidden' });
  await page.context().close();
});

await step('a book that missed something says since when and stops orders; it heals', async () => {
  const page = await open(browser, 'dark', 1440);
  const trader = person('buyer.trader');
  await enter(page, trader, '/market');
  await liveRing(page);
  await page.locator('[data-price]').first().waitFor();
  // From here on every snapshot is the one of now, while the stream goes on.
  const instrument = (await page.evaluate(async () => (await fetch('/api/v1/instruments')).json())).items[0].id;
  const kept = await page.evaluate(async (i) => (await fetch(`/api/v1/instruments/${i}/book`)).text(), instrument);
  await page.goto(`${base}/market/${instrument}`);
  await page.locator('[data-price]').first().waitFor();
  await liveRing(page);
  await page.route('**/api/v1/instruments/*/book', (r) => r.fulfill({ contentType: 'application/json', body: kept }));
  const placed = await page.evaluate(async (i) => (await fetch('/api/v1/orders', {
    method: 'POST', headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
    body: JSON.stringify({ instrument: i, side: 'bid', price_mc: 1000, units: 1 }),
  })).json(), instrument);
  await page.getByText(/^Book incomplete since \d\d:\d\d:\d\d$/).waitFor();
  await page.getByText('Orders wait until the book is whole again').waitFor();
  assert.ok(await page.locator('.ticket-send').isDisabled(), 'an order can be sent over a broken book');
  await page.unroute('**/api/v1/instruments/*/book');
  await page.getByText(/^Book incomplete since/).waitFor({ state: 'hidden' });
  await page.evaluate((id) => fetch(`/api/v1/orders/${id}`, { method: 'DELETE' }), placed.id);
  clean(page);
  await page.context().close();
});

await step('the desk halts an instrument with a reason, everybody sees it, and opens it again', async () => {
  const desk = await open(browser, 'dark', 1440);
  const trader = await open(browser, 'light', 1440);
  await enter(trader, person('buyer.trader'), '/market');
  await enter(desk, person('house.desk'), '/market');
  const turn = async (does) => {
    await desk.getByRole('button', { name: new RegExp(`^${does} trading`) }).waitFor();
    await desk.keyboard.press('Shift+H');
    await desk.getByLabel('Reason, kept for ever').fill('browser test');
    await desk.keyboard.press('Enter');
  };
  await turn('Halt');
  await trader.getByText(/^Trading in .* is halted$/).waitFor();
  await trader.getByRole('button', { name: 'FOK' }).click();
  await trader.getByLabel('Price in dollars per TH').fill('1.00');
  await trader.getByText('only orders that rest are taken').waitFor();
  assert.ok(await trader.locator('.ticket-send').isDisabled(), 'an order that trades at once can be sent into a halt');
  if (shots) await trader.screenshot({ path: `${shots}/market-halted-light-1440.png` });
  await turn('Resume');
  await trader.getByText(/^Trading in .* is halted$/).waitFor({ state: 'hidden' });
  for (const page of [desk, trader]) {
    clean(page);
    await page.context().close();
  }
});

await step('the documentation draws whole, under the strict policy, from this host alone', () => docs(browser, shots));

await identity(browser, step, shots);
await pool(browser, step, shots);

await walk(browser, step, shots, process.env.ONLY);

await browser.close();
end();
