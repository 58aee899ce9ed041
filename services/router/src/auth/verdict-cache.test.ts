import { expect, test } from '@jest/globals';
import type { ProviderVerdict } from './auth-provider.ts';
import { createAuthMemory } from './verdict-cache.ts';

function memory(verdict: () => ProviderVerdict | Promise<ProviderVerdict>, most = 10_000, acceptedForMs = 60_000) {
  const clock = { now: 0 };
  const asked: string[] = [];
  const check = createAuthMemory({
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

test('who was accepted is asked about again when the time is up, not before', async () => {
  const { clock, asked, check } = memory(() => 'accepted');
  await check('a');
  clock.now = 59_999;
  expect(await check('a')).toBe('accepted');
  expect(asked).toHaveLength(1);
  clock.now = 60_000;
  await check('a');
  expect(asked).toHaveLength(2);
});

test('another password of the same user is another question', async () => {
  const { asked, check } = memory(() => 'accepted');
  await check('a', 'right');
  await check('a', 'wrong');
  await check('a:right', '');
  expect(asked).toEqual(['a:right', 'a:wrong', 'a:right:']);
});

test.each<[ProviderVerdict, number]>([
  ['denied', 5_000],
  [{ trouble: 'no answer' }, 1_000],
])('%j is remembered briefly', async (verdict, forMs) => {
  const { clock, asked, check } = memory(() => verdict);
  await check('a');
  clock.now = forMs - 1;
  expect(await check('a')).toEqual(verdict);
  expect(asked).toHaveLength(1);
  clock.now = forMs;
  await check('a');
  expect(asked).toHaveLength(2);
});

test('nothing is remembered when the time is zero', async () => {
  const { asked, check } = memory(() => 'accepted', 10_000, 0);
  await check('a');
  await check('a');
  expect(asked).toHaveLength(2);
});

test('the same credentials at the same time are one question', async () => {
  const answer = Promise.withResolvers<ProviderVerdict>();
  const { asked, check } = memory(() => answer.promise);
  const all = Array.from({ length: 50 }, () => check('a'));
  answer.resolve('accepted');
  expect(new Set(await Promise.all(all))).toEqual(new Set(['accepted']));
  expect(asked).toHaveLength(1);
});

test('beyond so many checks at a time nobody is let in, and afterwards they are again', async () => {
  const answer = Promise.withResolvers<ProviderVerdict>();
  const { check } = memory(() => answer.promise);
  const running = ['a', 'b', 'c'].map((user) => check(user));
  expect(await check('d')).toEqual({ trouble: '3 checks are under way already' });
  answer.resolve('accepted');
  await Promise.all(running);
  expect(await check('d')).toBe('accepted');
});

test('memory is bounded: the one not used for longest is asked about again', async () => {
  const { asked, check } = memory(() => 'accepted', 2);
  for (const user of ['a', 'b', 'a', 'c', 'a', 'b']) await check(user);
  expect(asked).toEqual(['a:p', 'b:p', 'c:p', 'b:p']);
});
