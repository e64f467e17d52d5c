// The buyer's bank of the local world: the double of the payment rail.
import assert from 'node:assert/strict';
import { world } from './session.mjs';

/** The buyer's bank sends what the instructions of a payment ask for. */
export async function bank(page, trade) {
  const { payment } = await page.evaluate(async (id) => (await fetch(`/api/v1/trades/${id}`)).json(), trade);
  const call = async (path, form) => {
    const res = await fetch(world.stripe.url + path, {
      headers: { Authorization: `Bearer ${world.stripe.key}`, 'Content-Type': 'application/x-www-form-urlencoded' },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    assert.ok(res.ok, `${path} answered ${res.status}: ${await res.clone().text()}`);
    return res.json();
  };
  const intent = await call(`/v1/payment_intents/${payment.id}`);
  await call(`/v1/test_helpers/customers/${intent.customer}/fund_cash_balance`, {
    amount: String(payment.amount_cents), currency: 'usd', reference: payment.instructions.reference ?? '',
  });
}
