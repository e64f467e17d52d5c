import { describe, expect, it } from 'vitest';
import { keyName } from './hotkeys';

const key = (k: Partial<Parameters<typeof keyName>[0]> & { key: string }) =>
  keyName({ metaKey: false, ctrlKey: false, altKey: false, shiftKey: false, ...k });

describe('keyName', () => {
  it.each([
    [{ key: 'b' }, 'b'], [{ key: 'B' }, 'b'], [{ key: '?', shiftKey: true }, '?'],
    [{ key: 'ArrowUp', shiftKey: true }, 'Shift+ArrowUp'], [{ key: 'k', metaKey: true }, 'mod+k'],
    [{ key: 'Enter', ctrlKey: true }, 'mod+Enter'], [{ key: '≈', code: 'KeyX', altKey: true }, 'alt+x'],
    [{ key: 'H', shiftKey: true }, 'Shift+h'], [{ key: '$', shiftKey: true }, '$'],
  ])('%o = %s', (k, want) => expect(key(k)).toBe(want));
});
