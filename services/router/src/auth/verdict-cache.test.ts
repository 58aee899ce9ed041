import { expect, test } from '@jest/globals';
import type { ProviderVerdict } from './auth-provider.ts';
import { createVerdictCache } from './verdict-cache.ts';

function setUp(verdict: () => ProviderVerdict | Promise<ProviderVerdict>, most = 10_000, acceptedForMs = 60_000) {
  const clock = { now: 1 };
  const asked: string[] = [];
  const check = createVerdictCache({
    check: async ({ user, password }) => {
      asked.push(`${user}:${password}`);
      return await verdict();
    },
    acceptedForMs,
    most,
    mostUnderWay: 3,
    now: () => clock.now,
  });
  return { clock, asked, check: (user: string, password = 'p') => check({ user, password }) };
}

test('accepted credentials are checked again when their time is up, not before', async () => {
  const { clock, asked, check } = setUp(() => 'accepted');
  await check('a');
  clock.now += 60_000;
  expect(await check('a')).toBe('accepted');
  expect(asked).toHaveLength(1);
  clock.now += 1;
  await check('a');
  expect(asked).toHaveLength(2);
});

test('each password of a user is checked by itself', async () => {
  const { asked, check } = setUp(() => 'accepted');
  await check('a', 'right');
  await check('a', 'wrong');
  await check('a:right', '');
  expect(asked).toEqual(['a:right', 'a:wrong', 'a:right:']);
});

test.each<[ProviderVerdict, number]>([
  ['denied', 5_000],
  [{ trouble: 'no answer' }, 1_000],
])('%j is cached briefly', async (verdict, forMs) => {
  const { clock, asked, check } = setUp(() => verdict);
  await check('a');
  clock.now += forMs;
  expect(await check('a')).toEqual(verdict);
  expect(asked).toHaveLength(1);
  clock.now += 1;
  await check('a');
  expect(asked).toHaveLength(2);
});

test('nothing is cached when the time is zero', async () => {
  const { asked, check } = setUp(() => 'accepted', 10_000, 0);
  await check('a');
  await check('a');
  expect(asked).toHaveLength(2);
});

test('the same credentials at the same time are checked once', async () => {
  const answer = Promise.withResolvers<ProviderVerdict>();
  const { asked, check } = setUp(() => answer.promise);
  const all = Array.from({ length: 50 }, () => check('a'));
  answer.resolve('accepted');
  expect(new Set(await Promise.all(all))).toEqual(new Set(['accepted']));
  expect(asked).toHaveLength(1);
});

test('beyond so many checks at a time users are refused, until some have ended', async () => {
  const answer = Promise.withResolvers<ProviderVerdict>();
  const { check } = setUp(() => answer.promise);
  const running = ['a', 'b', 'c'].map((user) => check(user));
  expect(await check('d')).toEqual({ trouble: '3 checks are under way already' });
  answer.resolve('accepted');
  await Promise.all(running);
  expect(await check('d')).toBe('accepted');
});

test('the cache is bounded: the credentials unused for longest are checked again', async () => {
  const { asked, check } = setUp(() => 'accepted', 2);
  for (const user of ['a', 'b', 'a', 'c', 'a', 'b']) await check(user);
  expect(asked).toEqual(['a:p', 'b:p', 'c:p', 'b:p']);
});
