import { expect, test } from '@jest/globals';
import { createQuestions, questionKey } from './questions.ts';

/** Questions that a test answers itself. */
function bed(given: { keepMs?: number; mostAtATime?: number } = {}) {
  const counted: string[] = [];
  const questions = createQuestions<{ said: string }>({
    stepId: 's',
    keepMs: 60_000,
    mostAtATime: 2,
    count: (_, result) => counted.push(result),
    ...given,
  });
  const asked: { signal: AbortSignal; answer(said: string): void; fail(error: Error): void }[] = [];
  const ask = (key: string, signal = new AbortController().signal) =>
    questions.ask(key, signal, (stopped) => {
      const { promise, resolve, reject } = Promise.withResolvers<{ said: string }>();
      stopped.addEventListener('abort', () => reject(stopped.reason));
      asked.push({ signal: stopped, answer: (said) => resolve({ said }), fail: reject });
      return promise;
    });
  return { questions, counted, asked, ask };
}
const soon = () => new Promise((resolve) => setImmediate(resolve));

test('equal questions are asked once, and the answer is kept', async () => {
  const { questions, ask, asked, counted } = bed();
  const all = [ask('a'), ask('a'), ask('a')];
  await soon();
  asked[0]?.answer('yes');
  expect(await Promise.all(all)).toEqual([{ said: 'yes' }, { said: 'yes' }, { said: 'yes' }]);
  expect([questions.known('a'), questions.known('b'), asked.length]).toEqual([{ said: 'yes' }, undefined, 1]);
  expect(counted).toEqual(['answered', 'cached']);
});

test('an answer that is not to be kept is asked for again', async () => {
  const { questions, ask, asked } = bed({ keepMs: 0 });
  const first = ask('a');
  await soon();
  asked[0]?.answer('yes');
  await first;
  expect(questions.known('a')).toBeUndefined();
});

test('a failure is told to all who wait, and never kept', async () => {
  const { questions, ask, asked, counted } = bed();
  const all = Promise.allSettled([ask('a'), ask('a')]);
  await soon();
  asked[0]?.fail(new Error('no'));
  expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect([questions.known('a'), counted]).toEqual([undefined, ['failed']]);
});

test('more than may be asked at a time fail at once; those that join others do not count', async () => {
  const { ask, asked, counted } = bed({ mostAtATime: 1 });
  const first = ask('a');
  const joined = ask('a');
  await expect(ask('b')).rejects.toThrow('1 of its questions are under way already');
  expect(counted).toEqual(['passed over']);
  await soon();
  asked[0]?.answer('yes');
  await Promise.all([first, joined]);
  const next = ask('b');
  await soon();
  asked[1]?.answer('yes');
  expect(await next).toEqual({ said: 'yes' });
});

test('a question ends when nobody waits for it any more, and not before', async () => {
  const { ask, asked, counted } = bed();
  const [one, other] = [new AbortController(), new AbortController()];
  const all = Promise.allSettled([ask('a', one.signal), ask('a', other.signal)]);
  await soon();
  one.abort();
  expect(asked[0]?.signal.aborted).toBe(false);
  other.abort();
  expect(asked[0]?.signal.aborted).toBe(true);
  await all;
  expect(counted).toEqual(['late']);
});

test('one that is about to end is joined by nobody', async () => {
  const { ask, asked } = bed();
  const gone = new AbortController();
  const first = ask('a', gone.signal).catch(() => 'ended');
  await soon();
  gone.abort();
  const next = ask('a');
  await soon();
  asked[1]?.answer('yes');
  expect(await Promise.all([first, next])).toEqual(['ended', { said: 'yes' }]);
});

test('disposal ends what is under way', async () => {
  const { questions, ask } = bed();
  const asked = expect(ask('a')).rejects.toThrow('the step is no longer in force');
  await soon();
  await questions[Symbol.asyncDispose]();
  await asked;
});

test('a key says nothing of what it is made of, and tells parts apart', () => {
  expect(questionKey(['SELECT 1', 'a'])).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  expect(questionKey(['a', 'b'])).not.toBe(questionKey(['ab', '']));
});
