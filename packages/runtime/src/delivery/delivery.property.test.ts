import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createDelivery } from './delivery.ts';

type Item = { key: string; numbers: number[] };
type Answer = 'taken' | 'away' | 'refused';

const answers = fc.array(fc.constantFrom<Answer>('taken', 'taken', 'away', 'refused'), { maxLength: 20 });
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f') }) },
    { weight: 1, arbitrary: fc.record({ run: answers }) },
  ),
  { maxLength: 40 },
);

test('each number is taken once, refused, dropped or kept, and those of one key are taken in their order', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 3 }),
      async (all, most, atOnce) => {
        const taken: Item[] = [];
        const refused: Item[] = [];
        let answered: Answer[] = [];
        let run = async (_: AbortSignal) => {};
        const delivery = createDelivery<Item>({
          send: async (batch) => {
            const answer = answered.shift() ?? 'away';
            await Promise.resolve();
            if (answer !== 'taken') throw new Error(answer);
            taken.push(...batch);
          },
          repeat: (given) => {
            run = given;
            return { hurry: () => {}, [Symbol.asyncDispose]: async () => {} };
          },
          keyOf: ({ key }) => key,
          merge: (older, newer) => ({ key: older.key, numbers: [...older.numbers, ...newer.numbers] }),
          most,
          batch: 2,
          atOnce,
          isRefused: (error) => (error as Error).message === 'refused',
          onRefused: (item) => void refused.push(item),
        });
        let last = 0;
        const added: number[] = [];
        for (const step of all) {
          if ('run' in step) {
            answered = [...step.run];
            await run(new AbortController().signal);
            continue;
          }
          last += 1;
          added.push(last);
          delivery.add({ key: step.add, numbers: [last] });
          expect(delivery.size()).toBeLessThanOrEqual(most);
        }
        const left = delivery.size();
        answered = Array.from({ length: 1_000 }, () => 'taken' as const);
        const before = taken.length;
        await run(new AbortController().signal);
        expect(taken.length - before).toBe(left);
        expect(delivery.size()).toBe(0);

        const numbers = taken.flatMap((item) => item.numbers);
        expect(new Set(numbers).size).toBe(numbers.length);
        const gone = refused.flatMap((item) => item.numbers);
        const isDropped = delivery.dropped() > refused.length;
        const accounted = new Set([...numbers, ...gone]);
        if (!isDropped) expect([...accounted].toSorted((a, b) => a - b)).toEqual(added);
        for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
          const ofKey = taken.filter((item) => item.key === key).flatMap((item) => item.numbers);
          expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
        }
      },
    ),
    { numRuns: 300 },
  );
});
