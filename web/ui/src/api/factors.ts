import { codeAt } from '../lib/totp';
import { ApiError, call, renewing } from './client';
import type { FactorKind, Me, NewFactor } from './types';

// Showing and enrolling second factors. Each renews the session's cookie, so it
// is told to the client, which repeats what was under way with the old one.

interface Options {
  publicKey: object;
}

/** Whether this browser and this address can do passkeys. */
export function passkeysHere(origin: string | undefined): boolean {
  return typeof PublicKeyCredential !== 'undefined' && 'parseRequestOptionsFromJSON' in PublicKeyCredential && location.origin === origin;
}

async function ask({ publicKey }: Options): Promise<object> {
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey as PublicKeyCredentialRequestOptionsJSON);
  return answerOf(await navigator.credentials.get({ publicKey: options }));
}

function answerOf(c: Credential | null): object {
  if (!(c instanceof PublicKeyCredential)) throw new Error('The browser gave no passkey.');
  return c.toJSON() as object;
}

export const showCode = (code: string) => renewing(() => call<Me>('PUT', '/session/factor', { body: { code } }));

export async function showPasskey(): Promise<Me> {
  const passkey = await ask(await call<Options>('PUT', '/session/challenge'));
  return renewing(() => call<Me>('PUT', '/session/factor', { body: { passkey } }));
}

export async function passkeySignIn(): Promise<Me> {
  const passkey = await ask(await call<Options>('PUT', '/session/passkey'));
  return call<Me>('POST', '/session/passkey', { body: { passkey } });
}

/** The local world's code. One that was used already makes way for the next. */
export async function showWorldCode(secret: string): Promise<Me> {
  for (const steps of [-1, 0]) {
    try {
      return await showCode(await codeAt(secret, Date.now(), steps));
    } catch (err) {
      if (!(err instanceof ApiError) || err.code !== 'factor_refused') throw err;
    }
  }
  return showCode(await codeAt(secret, Date.now(), 1));
}

export const addFactor = (body: { kind: FactorKind; name: string; code?: string; passkey?: object }) =>
  renewing(() => call<NewFactor>('POST', '/me/factors', { body }));

export async function createPasskey(publicKey: object): Promise<object> {
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey as PublicKeyCredentialCreationOptionsJSON);
  return answerOf(await navigator.credentials.create({ publicKey: options }));
}
