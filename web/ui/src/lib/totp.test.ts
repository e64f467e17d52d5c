import { expect, test } from 'vitest';
import { codeAt } from './totp';

// RFC 6238, appendix B, cut to six digits; the secret is "12345678901234567890".
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

test.each([
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
])('the code at %d s is %s', async (seconds, code) => {
  expect(await codeAt(SECRET, seconds * 1000)).toBe(code);
  expect(await codeAt(SECRET, (seconds + 60) * 1000, -2)).toBe(code);
});

test('what is no secret is refused', async () => {
  await expect(codeAt('nope!', 0)).rejects.toThrow('base32');
});
