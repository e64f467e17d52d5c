// One machine, the whole way, by hand in the browser:
//   WORLD=path/to/world.json [SHOTS=folder] [NAME=yard-2] node e2e/thread.mjs
// People click; only the buyer's bank and the hands that carry the machine are
// called directly. It leaves a real trade behind.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { bank } from './bank.mjs';
import { launch } from './browser.mjs';
import { clean, enter, liveRing, open, person, steps, world } from './session.mjs';

const shots = process.env.SHOTS;
if (shots) mkdirSync(shots, { recursive: true });
const name = process.env.NAME; // nothing: a brand new machine
const PRICE = '11.42';
const PROOF_MS = 15 * 60_000;

const browser = await launch();
const { step, end } = steps();
const people = {};

/** The page of a person, signed in once. */
async function as(who, path) {
  if (!people[who]) {
    people[who] = await open(browser);
    await enter(people[who], person(who), path);
  } else {
    await people[who].goto(new URL(path, people[who].url()).href);
  }
  await liveRing(people[who]);
  return people[who];
}

async function hands(path, body) {
  const res = await fetch(world.miners.control + path, body && { method: 'POST', body: JSON.stringify(body) });
  assert.ok(res.ok, `${path} answered ${res.status}`);
  return res.json();
}

/** Sends the ticket by key; the row of the order it became. */
async function sent(page) {
  const answer = page.waitForResponse((r) => r.url().endsWith('/api/v1/orders') && r.request().method() === 'POST');
  await page.keyboard.press('Control+Enter');
  const res = await answer;
  assert.ok(res.ok(), `POST /orders answered ${res.status()}: ${await res.text()}`);
  return page.locator(`tr[data-order="${(await res.json()).id}"]`);
}

const listed = name
  ? await hands(`/machines/${name}`)
  : await hands('/machines', { name: `walker-${Date.now()}`, dialect: 'antminer', site: 'seller' });
const { model } = listed;
// Price and time decide which machine is sold: perhaps one listed before.
let { serial } = listed;
let trade;
let unit;

const thread = [
  ['the seller lists the machine by its serial', async () => {
    const page = await as('seller.trader', '/market');
    await page.locator('.mk-inst', { hasText: model }).click();
    await page.keyboard.press('s');
    await page.getByLabel(listed.serial).check();
    await page.getByLabel('Price in dollars per TH').fill(PRICE);
    await (await sent(page)).getByText('Resting').waitFor();
    await page.getByText(/^Serials to sell,/).waitFor();
    await page.getByLabel(listed.serial).waitFor({ state: 'detached' });
  }],
  ['the buyer takes the ask with b, p and ⌘↵', async () => {
    const page = await as('buyer.trader', '/market');
    await page.locator('.mk-inst', { hasText: model }).click();
    await page.locator(`[data-price="${Number(PRICE) * 100_000}"]`).waitFor();
    await page.keyboard.press('b');
    await page.keyboard.press('p');
    assert.equal(await page.getByLabel('Price in dollars per TH').inputValue(), PRICE);
    if (shots) await page.screenshot({ path: `${shots}/thread-ticket.png` });
    await (await sent(page)).getByText(/Filled \d/).waitFor();
    await page.locator('.tape tr').first().waitFor();
  }],
  ['the buyer sees where to send the money; the bank sends it; it is held', async () => {
    const page = await as('buyer.trader', '/trades');
    await page.locator('tbody tr', { hasText: 'Matched' }).first().getByRole('link').click();
    const asked = page.waitForResponse((r) => /\/trades\/[^/]+\/fund$/.test(r.url()));
    await page.getByRole('button', { name: /Show where to send/ }).click();
    trade = (await (await asked).json()).id;
    await page.getByText('Reference').waitFor();
    await bank(page, trade);
    await page.locator('.trade-head').getByText('Funded', { exact: true }).waitFor();
    ({ id: unit, serial } = await page.evaluate(async (id) => {
      const get = async (path) => (await fetch(`/api/v1${path}`)).json();
      return get(`/units/${(await get(`/trades/${id}`)).units[0]}`);
    }, trade));
    return serial;
  }],
  ['logistics pack by scanning: a wrong serial is refused, the right one counts once', async () => {
    const page = await as('seller.logistics', '/logistics');
    const field = page.getByLabel('Scan or type a serial');
    await field.waitFor();
    await page.keyboard.type('NOTTHISSERIAL1');
    await page.keyboard.press('Enter');
    await page.getByText('Stop. Wrong machine.').waitFor();
    await page.keyboard.type(serial);
    await page.keyboard.press('Enter');
    await page.getByLabel('Carrier').waitFor();
    await hands(`/machines/${serial}/unplug`, {});
    await page.getByLabel('Carrier').fill('Kuehne Freight');
    await page.getByLabel('Tracking number').fill('KF882310041722');
    await page.getByRole('button', { name: 'Dispatch' }).click();
    await page.getByText('With the carrier').waitFor();
  }],
  ['the buyer’s dock scans it in; custody moves', async () => {
    const page = await as('buyer.logistics', '/logistics');
    await page.getByRole('button', { name: 'It is at the dock' }).click();
    await page.getByLabel('Scan or type a serial').waitFor();
    await page.keyboard.type(serial);
    await page.keyboard.press('Enter');
    await page.getByText('Every serial was received').waitFor();
    await hands(`/machines/${serial}/carry`, { site: 'buyer' });
    await hands(`/machines/${serial}/plug`, {});
  }],
  ['the life line goes on by itself: redirected, hashing, proving', async () => {
    const page = await as('buyer.trader', `/units/${unit}`);
    for (const at of ['redirected', 'hashing']) await page.locator(`[data-step=${at}][data-state=done]`).waitFor({ timeout: 120_000 });
    await page.locator('[data-step=proven]').getByText('Proving').waitFor({ timeout: 60_000 });
    if (shots) await page.screenshot({ path: `${shots}/thread-proving.png` });
  }],
  ['proven and released, without a reload', async () => {
    const page = people['buyer.trader'];
    await page.locator('[data-step=proven][data-state=done]').waitFor({ timeout: PROOF_MS });
    await page.locator('[data-step=released][data-state=done]').waitFor({ timeout: 60_000 });
    const shown = await page.locator('.ll-node').allInnerTexts();
    assert.ok(!shown.join().match(/undefined|NaN|Invalid/), shown.join(' | '));
    return (await page.locator('[data-step=proven]').innerText()).replaceAll('\n', ', ');
  }],
  ['its work is settled and credited', async () => {
    const page = people['buyer.trader'];
    await page.locator('[data-step=earning][data-state=live]').waitFor({ timeout: 10 * 60_000 });
    if (shots) await page.screenshot({ path: `${shots}/thread-earning.png` });
    clean(page);
    return (await page.locator('[data-step=earning]').innerText()).replaceAll('\n', ', ');
  }],
];

for (const [what, fn] of thread) {
  if (!(await step(what, fn))) break;
}
if (shots) for (const [who, page] of Object.entries(people)) await page.screenshot({ path: `${shots}/last-${who}.png` });
await browser.close();
end();
