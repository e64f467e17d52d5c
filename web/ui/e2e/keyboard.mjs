// Buys one machine by keyboard alone, from the sign-in to the held payout, and
// has an order rest, be amended and cancelled:
//   WORLD=path/to/world.json [SHOTS=folder] node e2e/keyboard.mjs
// It leaves a real trade behind and cancels the buyer's orders. The mouse is not touched; only the buyer's
// bank is called directly.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { bank } from './bank.mjs';
import { launch } from './browser.mjs';
import { base, clean, liveRing, open, person, steps } from './session.mjs';

const shots = process.env.SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

const browser = await launch();
const { step, end } = steps();
const page = await open(browser, 'dark', 1440);
let trade;
let resting;

/** What has the focus, by its name. */
const focused = () => page.evaluate(() => {
  const e = document.activeElement === document.body ? null : document.activeElement;
  return (e?.getAttribute('aria-label') || e?.textContent || e?.closest('label')?.textContent || '').trim();
});

/** Presses Tab until what has the focus says so. */
async function tabTo(what, most = 120, key = 'Tab') {
  for (let i = 0; i < most; i++) {
    if (what.test(await focused())) return;
    await page.keyboard.press(key);
  }
  assert.fail(`no way to ${what} by Tab`);
}

/** Replaces what the field says. */
async function typeOver(text) {
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
}

/** Does something and gives the server's answer to the POST it makes. */
async function answered(path, act) {
  const answer = page.waitForResponse((r) => r.url().endsWith(`/api/v1${path}`) && r.request().method() === 'POST');
  await act();
  const res = await answer;
  assert.ok(res.ok(), `POST ${path} answered ${res.status()}: ${await res.text()}`);
  return res.json();
}

/** Moves the selection of the orders to one. */
async function choose(id) {
  for (let i = 0; i < 100; i++) await page.keyboard.press('k');
  for (let i = 0; i < 100; i++) {
    if (await page.locator(`tr[data-order="${id}"][aria-selected="true"]`).count()) return;
    await page.keyboard.press('j');
  }
  assert.fail(`order ${id} is not reached by j`);
}

/** Every field that is typed into has a name, and what has the focus shows it. */
async function focusShows() {
  const seen = await page.evaluate(() => {
    const e = document.activeElement ?? document.body;
    // A field with its unit shows the focus around both.
    return [e, e.closest('.field') ?? e].map((x) => getComputedStyle(x)).some((s) => s.outlineStyle !== 'none' || s.boxShadow !== 'none');
  });
  assert.ok(seen, 'the focus cannot be seen');
}

const walk = [
  ['the sign-in is filled by keyboard', async () => {
    const who = person('buyer.trader');
    await page.goto(`${base}/signin`);
    await page.getByLabel('E-mail').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'email', 'the first field has the focus');
    await page.keyboard.type(who.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(who.password);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/market/);
    await liveRing(page);
  }],
  ['b buys, p takes the ladder’s price, ⌘↵ sends, the fill is there', async () => {
    await page.getByRole('heading', { name: 'Depth' }).waitFor();
    await page.locator('[data-price]').first().waitFor();
    await page.keyboard.press('b');
    await page.keyboard.press('p');
    const { id } = await answered('/orders', () => page.keyboard.press('Control+Enter'));
    await page.locator(`tr[data-order="${id}"]`).getByText(/Filled \d/).waitFor();
    if (shots) await page.screenshot({ path: `${shots}/keyboard-filled.png` });
  }],
  ['a GTD all-or-none bid below the market rests, with its clock and chips', async () => {
    await page.keyboard.press('b');
    await page.keyboard.press('o');
    await page.getByRole('group', { name: 'More about the order' }).waitFor();
    await tabTo(/^Price in dollars/);
    await typeOver('1.00');
    await tabTo(/^Units$/);
    await typeOver('3');
    await tabTo(/^GTD$/);
    await page.keyboard.press('Enter');
    await tabTo(/^When the order ends/);
    await typeOver('2 h');
    await tabTo(/^All or none$/);
    await page.keyboard.press('Space');
    await tabTo(/^Least units a trade/);
    await typeOver('4');
    await page.getByRole('alert').getByText('a whole number up to 3').waitFor();
    await typeOver('2');
    if (shots) await page.screenshot({ path: `${shots}/keyboard-ticket.png` });
    resting = await answered('/orders', () => page.keyboard.press('Control+Enter'));
    assert.deepEqual([resting.state, resting.tif, resting.aon, resting.min_units], ['open', 'gtd', true, 2]);
    const row = page.locator(`tr[data-order="${resting.id}"]`);
    await row.getByText(/^(2 h|2 h 1 m|1 h 59 m) left/).waitFor();
    await row.getByText('AON', { exact: true }).waitFor();
  }],
  ['e amends it in its row: says what its time does, sends by ↵', async () => {
    await page.evaluate(() => document.activeElement?.blur());
    await choose(resting.id);
    await page.keyboard.press('e');
    const form = page.getByRole('form', { name: 'Amend the order' });
    await form.waitFor();
    await focusShows();
    await tabTo(/^Units wanted/);
    await typeOver('2');
    await form.getByText('Keeps its time').waitFor();
    await tabTo(/^New price/, 8, 'Shift+Tab');
    await page.keyboard.press('ArrowUp');
    await form.getByText('Loses its time').waitFor();
    if (shots) await page.screenshot({ path: `${shots}/keyboard-amend.png` });
    const after = await answered(`/orders/${resting.id}/amend`, () => page.keyboard.press('Enter'));
    assert.deepEqual([after.price_mc, after.units], [101_000, 2]);
    await form.waitFor({ state: 'hidden' });
  }],
  ['⌥X asks, ↵ cancels all', async () => {
    await page.keyboard.press('Alt+x');
    await page.getByRole('dialog').waitFor();
    const { orders } = await answered('/orders/cancel-all', () => page.keyboard.press('Enter'));
    assert.ok(orders.some((o) => o.id === resting.id && o.state === 'cancelled'), 'the order is not among those cancelled');
    await page.locator(`tr[data-order="${resting.id}"]`).getByText('Cancelled').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  }],
  ['the rail counts the trade to pay', async () => {
    await page.getByRole('link', { name: /^Market\s*, waiting for you: \d+/ }).waitFor();
  }],
  ['⌘K finds the trade by its number', async () => {
    const { items } = await page.evaluate(async () => (await fetch('/api/v1/trades?state=matched')).json());
    trade = items[0];
    assert.ok(trade, 'no matched trade');
    await page.keyboard.press('Control+k');
    // A dialog that has just closed gives the focus back a moment later.
    await page.locator('[role="combobox"]:focus').waitFor();
    await page.keyboard.type(trade.number);
    await page.getByRole('option', { name: new RegExp(trade.number) }).waitFor();
    if (shots) await page.screenshot({ path: `${shots}/keyboard-palette.png` });
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  }],
  ['the trade is reached by g t and Tab, the payment by Enter', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.waitForURL(/\/trades$/);
    await page.getByRole('link', { name: trade.number, exact: true }).waitFor();
    await tabTo(new RegExp(`^${trade.number}$`));
    await focusShows();
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`/trades/${trade.id}$`));
    await page.getByRole('button', { name: /Show where to send/ }).waitFor();
    await tabTo(/Show where to send/);
    await focusShows();
    const asked = page.waitForResponse((r) => /\/trades\/[^/]+\/fund$/.test(r.url()));
    await page.keyboard.press('Enter');
    assert.ok((await asked).ok());
    await page.getByText('Reference').waitFor();
  }],
  ['the bank sends it, and the page tells the held payout by itself', async () => {
    await bank(page, trade.id);
    await page.locator('.trade-head').getByText('Funded', { exact: true }).waitFor();
    await page.locator('.trade-money').getByText(/It is released when every machine is proven/).waitFor();
    if (shots) await page.screenshot({ path: `${shots}/keyboard-funded.png` });
  }],
  ['esc goes back to the trades, g r to the redirects', async () => {
    await page.keyboard.press('Escape');
    await page.waitForURL(/\/trades$/);
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.waitForURL(/\/redirects$/);
    clean(page);
  }],
];

for (const [what, fn] of walk) {
  if (!(await step(what, fn))) break;
}
await browser.close();
end();
