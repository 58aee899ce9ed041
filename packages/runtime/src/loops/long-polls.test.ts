import { expect, test } from '@jest/globals';
import { silentLogger } from '../logging/logger.ts';
import { longPolls } from './long-polls.ts';

/** A loop that is answered by these in turn, and what became of it once the last has been asked for. */
async function answeredBy(
  answers: readonly (boolean | Error)[],
  longestMs = 1,
): Promise<{ at: number[]; failures: unknown[] }> {
  const at: number[] = [];
  const failures: unknown[] = [];
  const done = Promise.withResolvers<void>();
  const loop = longPolls({
    name: 'asking',
    logger: silentLogger,
    pauses: { firstMs: 1, longestMs },
    onFailure: (error) => void failures.push(error),
    ask: async (signal) => {
      const answer = answers[at.length];
      at.push(performance.now());
      if (answer instanceof Error) throw answer;
      if (answer !== undefined) return answer;
      done.resolve();
      // Held until the loop ends.
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  });
  await done.promise;
  await loop[Symbol.asyncDispose]();
  return { at, failures };
}

test('a server that answers at once without a change is asked ten times a second at most', async () => {
  const { at } = await answeredBy([false, false]);
  expect((at[2] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(190);
});

test('after a change the next poll follows at once', async () => {
  // With pauses it would outlast its time limit.
  const { at } = await answeredBy(Array.from({ length: 2_000 }, () => true));
  expect(at).toHaveLength(2_001);
});

test('failures are reported, and the loop goes on', async () => {
  const errors = [new Error('away'), new Error('still away')];
  const { at, failures } = await answeredBy([...errors, true]);
  expect(at).toHaveLength(4);
  expect(failures).toEqual(errors);
});

test('pauses after failures grow up to the longest', async () => {
  const { at } = await answeredBy(
    Array.from({ length: 9 }, () => new Error('away')),
    16,
  );
  const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  // Drawn from half of it on: 16 at the end, 1 at the beginning.
  expect(Math.min(...gaps.slice(5))).toBeGreaterThanOrEqual(7);
  expect(gaps).toHaveLength(9);
});

test('its end does not count as a failure', async () => {
  const { failures } = await answeredBy([true]);
  expect(failures).toEqual([]);
});
