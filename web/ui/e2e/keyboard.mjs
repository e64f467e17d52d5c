// Buys one machine by keyboard alone, from the sign-in to the held payout:
//   WORLD=path/to/world.json [SHOTS=folder] node e2e/keyboard.mjs
// It leaves a real trade behind. The mouse is not touched; only the buyer's
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

/** Presses Tab until what has the focus says so. */
async function tabTo(what, most = 120) {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    const text = await page.evaluate(() => document.activeElement?.getAttribute('aria-label') || document.activeElement?.textContent || '');
    if (what.test(text.trim())) return;
  }
  assert.fail(`no way to ${what} by Tab`);
}

/** Every field that is typed into has a name, and what has the focus shows it. */
async function focusShows() {
  const seen = await page.evaluate(() => {
    const s = getComputedStyle(document.activeElement ?? document.body);
    return s.outlineStyle !== 'none' || s.boxShadow !== 'none';
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
    const answer = page.waitForResponse((r) => r.url().endsWith('/api/v1/orders') && r.request().method() === 'POST');
    await page.keyboard.press('Control+Enter');
    const res = await answer;
    assert.ok(res.ok(), `POST /orders answered ${res.status()}: ${await res.text()}`);
    const { id } = await res.json();
    await page.locator(`tr[data-order="${id}"]`).getByText(/Filled \d/).waitFor();
    if (shots) await page.screenshot({ path: `${shots}/keyboard-filled.png` });
  }],
  ['the rail counts the trade to pay', async () => {
    await page.getByRole('link', { name: /^Market\s*, waiting for you: \d+/ }).waitFor();
  }],
  ['⌘K finds the trade by its number', async () => {
    const { items } = await page.evaluate(async () => (await fetch('/api/v1/trades?state=matched')).json());
    trade = items[0];
    assert.ok(trade, 'no matched trade');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search' }).waitFor();
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
