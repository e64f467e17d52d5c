// Second factors, by hand in the browser, with Chromium's own virtual
// authenticator: a passkey is enrolled, signs in, steps up; a session ends.
import assert from 'node:assert/strict';
import { base, clean, codeOf, enter, open, person, showCode } from './session.mjs';
import { axe } from './walk.mjs';

/** Passkeys belong to a name: the local world has localhost besides its address. */
const named = base.replace('//127.0.0.1', '//localhost');

async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { lock: (locked) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: !locked }) };
}

async function password(page, user, next = '/') {
  await page.goto(`${named}/signin?next=${encodeURIComponent(next)}`);
  await page.getByLabel('E-mail').fill(user.email);
  await page.getByLabel('Password').fill(user.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().click();
}

const rows = (page, table) => page.getByRole('table', { name: table }).locator('tbody tr');
const me = (page) => page.evaluate(async () => (await fetch('/api/v1/me')).json());

/** The steps, on a person with a factor (of the world) and one without. */
export async function identity(browser, step, shots) {
  const owner = person('buyer.owner');
  const viewer = person('buyer.viewer');
  const shot = (page, name) => shots && page.screenshot({ path: `${shots}/identity-${name}.png`, fullPage: true });
  const page = await open(browser);
  const key = await authenticator(page);

  await step('an owner is asked for a code after the password; a wrong one and a used one are refused', async () => {
    await password(page, owner, '/account/security');
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    await page.getByLabel(/Code of your app/).fill('000000');
    await page.getByRole('button', { name: 'Confirm', exact: true }).click();
    await page.getByText('it is wrong, or was used already').waitFor();
    await shot(page, 'code');
    await axe(page);
    assert.equal((await page.request.get(`${named}/api/v1/users`)).status(), 403, 'a half session reads people');
    await showCode(page, owner.totp);
    await rows(page, 'Second factors').first().waitFor();
    clean(page);
  });

  await step('a passkey is enrolled and named', async () => {
    await page.getByRole('button', { name: 'Add one' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('What you call it').fill('browser test key');
    await shot(page, 'enrol');
    await dialog.getByRole('button', { name: 'Add a passkey' }).click();
    await rows(page, 'Second factors').filter({ hasText: 'browser test key' }).first().waitFor();
    await dialog.waitFor({ state: 'hidden' });
    await shot(page, 'security');
    await axe(page);
    clean(page);
  });

  await step('it signs in without a password; locked, it does not', async () => {
    await page.getByRole('button', { name: /: account$/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL(/\/signin/);
    await page.goto(`${named}/signin?next=/account/security`);
    await key.lock(true);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByText('No passkey was given').waitFor();
    await key.lock(false);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await rows(page, 'Second factors').first().waitFor();
    assert.equal((await me(page)).session.stage, 'full');
    clean(page);
  });

  await step('an API key asks for the factor anew; the same request goes on after it', async () => {
    // Ten minutes are long: the first answer is the one that comes after them.
    const keys = [];
    await page.route('**/api/v1/keys', async (route) => {
      if (route.request().method() !== 'POST') return route.fallback();
      keys.push(route.request().headers()['idempotency-key']);
      if (keys.length > 1) return route.fallback();
      return route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Forbidden', status: 403, code: 'step_up_required' }) });
    });
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel(/which program uses it/).fill('browser test');
    await page.getByRole('button', { name: 'Make the key' }).click();
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await dialog.getByText('For ten minutes nothing else will').waitFor();
    await shot(page, 'step-up');
    await axe(page);
    const before = (await page.context().cookies()).find((c) => c.name === 'hashyard').value;
    await dialog.getByRole('button', { name: 'Use a passkey' }).click();
    const text = await page.getByLabel('API key', { exact: true }).textContent();
    assert.match(text, /^hy_[0-9a-f-]{36}\./);
    assert.deepEqual(keys, [keys[0], keys[0]], 'the second try was another request');
    assert.notEqual((await page.context().cookies()).find((c) => c.name === 'hashyard').value, before, 'the session was not renewed');
    await page.unroute('**/api/v1/keys');
    await page.getByRole('button', { name: 'Done' }).click();
    const row = rows(page, 'API keys').filter({ hasText: 'browser test' }).filter({ hasText: 'live' }).first();
    await row.getByRole('button', { name: 'Revoke browser test' }).click();
    await rows(page, 'API keys').filter({ hasText: 'browser test' }).filter({ hasText: 'revoked' }).first().waitFor();
    clean(page);
  });

  await step('refused, the dialog leaves the request refused', async () => {
    await page.route('**/api/v1/me/recovery-codes', (route) => route.fulfill({
      status: 403, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Forbidden', status: 403, code: 'step_up_required', detail: 'show a factor' }),
    }));
    await page.getByRole('button', { name: 'Make new ones' }).click();
    await page.getByRole('dialog', { name: 'Confirm that it is you' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('show a factor').waitFor();
    await page.unroute('**/api/v1/me/recovery-codes');
    clean(page);
  });

  await step('a session is seen and ended elsewhere, and ends at once', async () => {
    const tablet = await open(browser, 'light', 390);
    await password(tablet, viewer, '/account/security');
    await rows(tablet, 'Sessions').first().waitFor();
    await shot(tablet, 'phone');
    const desk = await open(browser);
    await enter(desk, viewer, '/account/security');
    const { items } = await tablet.evaluate(async () => (await fetch('/api/v1/me/sessions')).json());
    const { id } = items.find((s) => s.current);
    await desk.locator(`[data-session="${id}"]`).getByRole('button', { name: /^End/ }).click();
    await desk.locator(`[data-session="${id}"]`).waitFor({ state: 'detached' });
    await tablet.reload();
    await tablet.waitForURL(/\/signin/);
    clean(desk);
    await tablet.context().close();
    await desk.context().close();
  });

  await step('the passkey is removed again; the last factor of an owner stays', async () => {
    await page.reload();
    const mine = rows(page, 'Second factors').filter({ hasText: 'browser test key' });
    for (let left = await mine.count().then(() => mine.first().waitFor()).then(() => mine.count()); left > 0; left--) {
      await mine.first().getByRole('button', { name: /^Remove/ }).click();
      await assert.doesNotReject(page.waitForFunction((n) => [...document.querySelectorAll('[aria-label="Second factors"] tbody tr')].filter((r) => r.textContent.includes('browser test key')).length < n, left));
    }
    await page.getByRole('button', { name: /^Remove local world/ }).waitFor();
    assert.ok(await page.getByRole('button', { name: /^Remove local world/ }).isDisabled(), 'the last factor can be removed');
    clean(page);
  });

  await step('one click signs an owner of the local world in, code and all', async () => {
    const other = await open(browser);
    await other.goto(`${base}/signin`);
    await other.getByRole('button', { name: `Sign in as ${owner.org_name}, owner` }).click();
    await other.waitForURL((u) => !u.pathname.startsWith('/signin'), { timeout: 45_000 });
    assert.equal((await me(other)).session.stage, 'full');
    clean(other);
    await other.context().close();
  });
  assert.match(codeOf(owner.totp), /^\d{6}$/);
  await page.context().close();
}
