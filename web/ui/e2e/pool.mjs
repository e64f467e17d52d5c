// The pool's own journey in the browser: a worker's forensics and a new secret,
// a watcher link made, opened by somebody signed out and revoked, a statement
// verified with its signature, root and a worker's inclusion proof.
import assert from 'node:assert/strict';
import { ask, clean, enter, first, open, person } from './session.mjs';

/** A worker of the buyer that is a machine's; where there is none, a machine is redirected first. */
async function machineWorker(page) {
  const find = async () => (await ask('buyer.operator', '/pool/workers?limit=500')).items.find((w) => w.secret_generation && !w.retired_at)?.id;
  let id = await find();
  if (!id) await ask('buyer.operator', `/miners/${await first('buyer.operator', '/miners')}/redirect`, 'POST', {});
  for (let tries = 0; !id && tries < 30; tries++) {
    await page.waitForTimeout(1000);
    id = await find();
  }
  return id ?? assert.fail('no worker of a machine after half a minute');
}

export async function pool(browser, step, shots) {
  const shot = (page, name) => shots && page.screenshot({ path: `${shots}/pool-${name}.png` });
  const page = await open(browser, 'dark', 1440);
  await enter(page, person('seller.operator'), '/pool/workers');

  await step('workers are sorted and filtered by the server, and one opens with Enter', async () => {
    const rows = page.getByRole('table', { name: 'Workers' }).locator('tbody tr');
    await rows.first().locator('.mono').waitFor();
    const asked = page.waitForRequest((r) => r.url().includes('/pool/workers?') && r.url().includes('sort=ths_1h') && r.url().includes('order=desc'));
    await page.getByRole('button', { name: 'TH/s, 1 h' }).click();
    await asked;
    await page.locator('th[aria-sort=descending]').getByText('TH/s, 1 h').waitFor();
    await page.keyboard.press('f');
    await page.keyboard.type('no such worker');
    await page.getByText('have “no such worker” in their name').waitFor();
    await page.getByRole('button', { name: 'Clear filter' }).click();
    await rows.first().locator('.mono').waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/pool\/workers\/[0-9a-f-]{36}$/);
    await page.locator('.pl-state .chip').waitFor();
    clean(page);
  });

  await step('a machine’s worker gets a new secret, told once, the old one good for a while', async () => {
    const page = await open(browser, 'dark', 1440);
    await enter(page, person('buyer.operator'), `/pool/workers/${await machineWorker(page)}`);
    await page.getByRole('button', { name: 'New secret …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Keep the old one for').selectOption('1');
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await dialog.getByText('Password, told this once').waitFor();
    await dialog.getByText('is good until').waitFor();
    await shot(page, 'secret');
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByText('the old secret is good until').waitFor();
    clean(page);
    await page.context().close();
  });

  await step('a watcher link opens signed out on a phone, changes nothing, and ends when revoked', async () => {
    await page.goto(new URL('/pool/watchers', page.url()).href);
    await page.getByLabel('Who it is for').fill('journey');
    await page.getByLabel('statements, with what they paid').check();
    await page.getByRole('button', { name: 'Make it' }).click();
    const link = (await page.locator('.og-secret .mono').innerText()).match(/http\S+/)[0];
    await shot(page, 'watchers');
    const out = await open(browser, 'light', 390);
    await out.goto(link);
    await out.locator('.pl-watch-workers tbody td .mono').first().waitFor();
    await out.getByText('“journey”, read only').waitFor();
    await out.getByText('Credited sat').waitFor();
    assert.equal((await out.context().cookies()).length, 0, 'a watcher has no session');
    assert.equal(await out.locator('form').count(), 0, 'there is nothing to fill in');
    await shot(out, 'watch-phone');
    clean(out);
    await page.getByRole('row').filter({ hasText: 'journey' }).filter({ hasText: 'Open' }).first().getByRole('button', { name: 'Revoke journey' }).click();
    await page.getByRole('dialog').getByText('sees nothing more').waitFor();
    await page.getByRole('button', { name: 'Revoke it' }).click();
    await page.getByText('Revoked', { exact: true }).first().waitFor();
    await out.reload();
    await out.getByText('The link opens nothing').waitFor();
    await out.context().close();
    clean(page);
  });

  await step('a statement is verified in the browser: figures, signature, root and a worker’s proof', async () => {
    await page.goto(new URL('/pool/statements', page.url()).href);
    await page.getByRole('table', { name: 'Statements' }).locator('tbody .row-pick').first().click();
    await page.getByText('Recomputed here, equal to the satoshi').waitFor();
    await page.locator('.sm-receipt').waitFor();
    const checks = page.locator('.sm-receipt svg[aria-label]');
    assert.deepEqual(await checks.evaluateAll((all) => all.map((x) => x.getAttribute('aria-label'))), ['checked', 'checked', 'checked']);
    await page.getByRole('button', { name: 'inclusion proof' }).first().click();
    await page.getByText(/\d+ minutes, \d+ steps/).waitFor();
    await shot(page, 'statement');
    clean(page);
  });

  await step('ten thousand workers scroll to their end with few rows in the page', async () => {
    const many = await open(browser, 'dark', 1440);
    await enter(many, person('seller.operator'), '/pool');
    const { items: [one] } = await ask('seller.owner', '/pool/workers');
    await many.route('**/api/v1/pool/workers?*', (route) => {
      const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
      const items = Array.from({ length: 500 }, (_, i) => ({ ...one, id: `w${from + i}`, user: `seller.w${from + i}` }));
      return route.fulfill({ json: { items, ...(from + 500 < 10_000 && { next: String(from + 500) }) } });
    });
    await many.getByRole('link', { name: 'Workers', exact: true }).click();
    const box = many.getByRole('region', { name: 'Workers' });
    await box.getByText('seller.w0', { exact: true }).waitFor();
    const drew = [];
    for (let tries = 0; tries < 60 && (await box.getByText('seller.w9999', { exact: true }).count()) === 0; tries++) {
      // Frames until the scrolled rows are painted.
      drew.push(await box.evaluate(async (el) => {
        const began = performance.now();
        el.scrollTop = el.scrollHeight;
        await new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(ok)));
        return performance.now() - began;
      }));
      await many.waitForTimeout(50);
    }
    await many.getByText('10,000 in this list').waitFor();
    assert.ok((await box.locator('tbody tr').count()) < 150, 'all rows are in the page');
    clean(many);
    await many.context().close();
    return `slowest paint after a scroll ${Math.max(...drew).toFixed(0)} ms of ${drew.length}`;
  });

  await step('anybody sees the pool’s status', async () => {
    const out = await open(browser, 'light', 390);
    await out.goto(new URL('/status', page.url()).href);
    await out.getByText('Workers online').waitFor();
    await shot(out, 'status-phone');
    assert.equal((await out.context().cookies()).length, 0);
    clean(out);
    await out.context().close();
  });
  await page.context().close();
}
