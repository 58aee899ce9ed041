import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Coordinator } from './coordinator.ts';
import { createLoginOwners, type LoginPart } from './login-owners.ts';

const at = (name: string): Coordinator => ({ backendId: name, url: `https://${name}:8443`, forwardedHeaders: 1 });
const [one, two] = [at('one'), at('two')];
const owners = (candidates = [one, two], keyByte = 1) =>
  createLoginOwners({ signingKey: () => createSecretKey(Buffer.alloc(32, keyByte)), candidates: () => candidates });

const uuid = '6065a6e2-1d84-4158-843b-ce78606e3b2a';
const state = 'eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOlsidHJpbm9fb2F1dGhfdWkiXX0.qExWWNwZ_-pkp';

test.each<[LoginPart, string]>([
  ['token', uuid],
  ['initiate', 'f'.repeat(64)],
  ['state', state],
])('a marked %s leads to its coordinator, on every router of the suite', (part, text) => {
  const marked = owners().mark(part, text, two);
  expect(marked).toMatch(/^[A-Za-z0-9._-]+$/);
  expect(owners().read(part, marked)).toEqual({ text, coordinator: two });
});

test('it says nothing of the coordinator to who has no key', () => {
  const marked = owners().mark('token', uuid, two);
  expect(Buffer.from(marked.slice(uuid.length + 1), 'base64url').toString('latin1')).not.toContain('two');
  expect(marked.length - uuid.length).toBe(23);
});

describe('no coordinator is found for', () => {
  const good = owners().mark('token', uuid, one);
  const other = owners().mark('token', uuid, two);
  test.each<[string, string]>([
    ['an id alone', uuid],
    ['another id with this code', good.replace('6065', '6066')],
    ['a code that is cut', good.slice(0, -1)],
    ['a code that is longer', `${good}A`],
    ['half a code and half of another', good.slice(0, -8) + other.slice(-8)],
    ['a code alone', good.slice(uuid.length)],
    ['nothing', ''],
    ['a long text', 'a.'.repeat(500_000)],
  ])('%s', (_, marked) => {
    expect(owners().read('token', marked)).toBeUndefined();
  });

  test('a mark of another part: a browser’s link polls for no token', () => {
    expect(owners().read('initiate', good)).toBeUndefined();
    expect(owners().read('state', good)).toBeUndefined();
  });

  test('a mark of another suite, and an address that is not known any more', () => {
    expect(owners([one, two], 2).read('token', good)).toBeUndefined();
    expect(owners([two]).read('token', good)).toBeUndefined();
  });

  test('anything while there is no key', () => {
    const early = createLoginOwners({ signingKey: () => undefined, candidates: () => [one] });
    expect(early.mark('token', uuid, one)).toBe(uuid);
    expect(early.read('token', good)).toBeUndefined();
  });
});

test('a made-up id costs one code for each address that is known, and one that has not the length of any costs none', () => {
  let asked = 0;
  const many = Array.from({ length: 100 }, (_, index) => {
    const { url, ...other } = at(`trino-${index}`);
    return Object.defineProperty({ ...other, url }, 'url', {
      get: () => {
        asked += 1;
        return url;
      },
    });
  });
  expect(owners(many).read('token', `${uuid}.${'A'.repeat(22)}`)).toBeUndefined();
  expect(asked).toBe(100);
  expect(owners(many).read('token', `${uuid}.${'A'.repeat(1_000_000)}`)).toBeUndefined();
  expect(asked).toBe(100);
});
