// Codes of an authenticator app (RFC 6238: SHA-1, six digits, half a minute).
// Only the local world tells its secrets; everybody else's are in their apps.

const STEP_MS = 30_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The code of the step that is so many steps from the instant. */
export async function codeAt(secret: string, at: number, steps = 0): Promise<string> {
  const key = await crypto.subtle.importKey('raw', base32(secret), { name: 'HMAC', hash: 'SHA-1' }, false, ['sign']);
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(Math.floor(at / STEP_MS) + steps));
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter.buffer));
  const word = mac.getUint32(mac.getUint8(19) & 15) & 0x7fffffff;
  return String(word % 1_000_000).padStart(6, '0');
}

function base32(text: string): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  let bits = 0;
  let value = 0;
  for (const c of text.replace(/=+$/, '').toUpperCase()) {
    const i = ALPHABET.indexOf(c);
    if (i < 0) throw new Error('not base32');
    value = ((value << 5) | i) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push((value >> bits) & 255);
    }
  }
  return new Uint8Array(out);
}
