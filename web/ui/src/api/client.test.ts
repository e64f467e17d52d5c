import { afterEach, expect, it, vi } from 'vitest';
import { ApiError, call, onStepUp } from './client';

/** Answers requests in turn and keeps them. */
function server(...answers: [number, unknown][]): RequestInit[] {
  const seen: RequestInit[] = [];
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    seen.push(init);
    const [status, body] = answers[seen.length - 1] ?? [500, {}];
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  return seen;
}

const refused: [number, unknown] = [403, { title: 'Forbidden', code: 'step_up_required' }];

afterEach(() => {
  vi.unstubAllGlobals();
  onStepUp(null);
});

it.each([
  ['JSON', { name: 'x' }, 'application/json'],
  ['a file', new Blob(['a,b\n']), 'application/octet-stream'],
])('%s that needs a factor is sent again as it was once one was shown', async (_, body, type) => {
  const ask = vi.fn(() => Promise.resolve(true));
  onStepUp(ask);
  const seen = server(refused, [200, { done: true }]);
  await expect(call('POST', '/webhooks', { body })).resolves.toEqual({ done: true });
  expect(ask).toHaveBeenCalledTimes(1);
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[0]?.headers).toMatchObject({ 'Content-Type': type });
  expect(seen[0]?.body).toBe(body instanceof Blob ? body : '{"name":"x"}');
});

it('who shows none sees the refusal, and nothing is sent twice', async () => {
  onStepUp(() => Promise.resolve(false));
  const seen = server(refused);
  await expect(call('DELETE', '/webhooks/1')).rejects.toBeInstanceOf(ApiError);
  expect(seen).toHaveLength(1);
});
