// Redirects two machines by the bulk bar, as an operator does: select, dry run,
// begin, watch the waves to their end; halt one by a key, and have one halt itself.
//   WORLD=path/to/world.json node e2e/fleet.mjs
// It writes to simulated machines; the first two get their old pools back.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { launch } from './browser.mjs';
import { clean, enter, liveRing, open, person, steps, world } from './session.mjs';

const shots = process.env.SHOTS;
if (shots) mkdirSync(shots, { recursive: true });
const browser = await launch();
const { step, end } = steps();

/** Serials of simulated machines by their names. */
async function serials(...names) {
  const res = await fetch(`${world.miners.control}/machines`);
  assert.ok(res.ok, `machines answered ${res.status}`);
  const all = await res.json();
  return names.map((n) => all.find((m) => m.name === n)?.serial ?? assert.fail(`no machine ${n}`));
}

/** Selects machines one by one through the filter: a selection outlives it. */
async function pick(page, list) {
  for (const serial of list) {
    await page.getByLabel('Filter by serial, MAC, address or place').fill(serial);
    await page.locator('.fl-main tbody tr[data-id]').filter({ hasText: serial }).getByRole('checkbox').check();
  }
  await page.locator('h1').click();
  await page.getByRole('toolbar').getByText(`${list.length} machine`).waitFor();
}

await step('two machines are redirected by the bulk bar after a dry run, and rolled back', async () => {
  const page = await open(browser, 'dark', 1440);
  await enter(page, person('seller.operator'), '/fleet');
  await liveRing(page);
  await pick(page, await serials('yard-1', 'yard-2'));
  await page.getByRole('toolbar').getByRole('button', { name: /^Redirect/ }).click();
  await page.getByRole('dialog').getByText('2 of 2').waitFor();
  await page.getByRole('dialog').getByText('emptied').first().waitFor();
  if (shots) await page.screenshot({ path: `${shots}/fleet-dry-run.png` });
  const made = page.waitForResponse((r) => r.url().endsWith('/redirect-plans') && r.request().method() === 'POST');
  await page.getByRole('button', { name: /^Redirect 2 machines/ }).click();
  const answer = await made;
  assert.ok(answer.ok(), `POST /redirect-plans answered ${answer.status()}: ${await answer.text()}`);
  await page.waitForURL(/\/redirects\/[0-9a-f-]{36}$/);
  await page.getByText('Canary').first().waitFor();
  await page.locator('.rd-head').getByText('Done', { exact: true }).waitFor({ timeout: 120_000 });
  const counts = await page.locator('.rd-n').allTextContents();
  assert.equal(counts.map(Number).reduce((a, b) => a + b, 0), 2, 'the counts sum to the total');
  if (shots) await page.screenshot({ path: `${shots}/fleet-plan-done.png` });
  const went = page.url();
  await page.getByRole('button', { name: 'Roll back' }).click();
  await page.getByRole('dialog').getByText('writes the old pools back').waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL((u) => u.href !== went);
  await page.locator('.rd-head').getByText('Done', { exact: true }).waitFor({ timeout: 120_000 });
  await page.getByText('Old pools read back').first().waitFor();
  clean(page);
  await page.context().close();
});

await step('a plan that runs is halted with one key and a confirmation', async () => {
  const page = await open(browser, 'light', 1440);
  await enter(page, person('buyer.operator'), '/fleet');
  await pick(page, await serials('farm-1', 'farm-3'));
  await page.keyboard.press('r');
  await page.getByRole('dialog').getByText('Would be written', { exact: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/redirects\/[0-9a-f-]{36}$/);
  await page.getByRole('button', { name: /^Halt now/ }).waitFor();
  await page.keyboard.press('Shift+H');
  await page.getByRole('dialog').getByText('Nothing new is commanded').waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('Halted by hand').waitFor();
  clean(page);
  await page.context().close();
});

await step('a machine that keeps its old slots halts its plan by itself, and says what to do', async () => {
  const page = await open(browser, 'dark', 1440);
  await enter(page, person('seller.operator'), '/fleet');
  await pick(page, await serials('stubborn-1'));
  await page.keyboard.press('r');
  await page.getByRole('button', { name: /^Redirect 1 machine/ }).click();
  await page.waitForURL(/\/redirects\/[0-9a-f-]{36}$/);
  await page.getByText('Halted by its own rule').waitFor({ timeout: 90_000 });
  await page.getByText('if it does so twice, set it by hand').first().waitFor();
  assert.ok(await page.locator('.rd-compare .mn-differs').count() > 0, 'what differs is marked');
  if (shots) await page.screenshot({ path: `${shots}/fleet-plan-halted.png` });
  clean(page);
  await page.context().close();
});

await browser.close();
end();
