import { setImmediate as turn } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from '@jest/globals';
import { type RouteResponse, RouteResponseSchema } from '@trino-gateway/api/gateway';
import { createRouteBatches, type RouteQuestion } from './route-batches.ts';

const question = (submissionId: string): RouteQuestion => ({
  submissionId,
  routerId: 'r',
  listeningPort: 0,
  host: '',
  headers: [],
  statement: '',
  user: '',
  clientIp: '',
  excludedBackendIds: [],
  avoidedBackendIds: [],
  boundBackendId: '',
});
const answerTo = (id: string) => create(RouteResponseSchema, { refusal: id });
const never = new AbortController().signal;

/** A gatewayserver that answers when it is told to, and keeps what travelled in which call. */
function slowGatewayserver(fails: (ids: string[]) => Error | undefined = () => undefined) {
  const calls: { ids: string[]; timeoutMs: number; signal: AbortSignal | undefined; finish: () => void }[] = [];
  const call = (ids: string[], timeoutMs: number, signal?: AbortSignal) =>
    new Promise<RouteResponse[]>((resolve, reject) => {
      const finish = () => {
        const failure = fails(ids);
        if (failure) reject(failure);
        else resolve(ids.map(answerTo));
      };
      calls.push({ ids, timeoutMs, signal, finish });
    });
  const ask = createRouteBatches({
    one: async ({ submissionId }, signal, timeoutMs) =>
      (await call([submissionId], timeoutMs, signal))[0] as RouteResponse,
    many: (questions, timeoutMs) =>
      call(
        questions.map(({ submissionId }) => submissionId),
        timeoutMs,
      ),
  });
  return { calls, ask };
}

test('questions of one moment travel together, and each gets its own answer', async () => {
  const { calls, ask } = slowGatewayserver();
  const answers = Promise.all(['a', 'b', 'c'].map((id, index) => ask(question(id), never, 1_000 + index)));
  await turn();
  expect(calls.map(({ ids, timeoutMs }) => [ids, timeoutMs])).toEqual([[['a', 'b', 'c'], 1_000]]);
  calls[0]?.finish();
  expect((await answers).map(({ refusal }) => refusal)).toEqual(['a', 'b', 'c']);
});

test('a lonely question does not wait for company; later ones gather while two calls are under way', async () => {
  const { calls, ask } = slowGatewayserver();
  const answers: Promise<RouteResponse>[] = [];
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    answers.push(ask(question(id), never, 1_000));
    await turn();
  }
  expect(calls.map(({ ids }) => ids)).toEqual([['a'], ['b']]);
  calls[0]?.finish();
  await answers[0];
  await turn();
  expect(calls.map(({ ids }) => ids)).toEqual([['a'], ['b'], ['c', 'd', 'e']]);
  for (const { finish } of calls) finish();
  expect((await Promise.all(answers)).map(({ refusal }) => refusal)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a question that spoils its batch fails alone', async () => {
  const invalid = new ConnectError('host: too long', Code.InvalidArgument);
  const { calls, ask } = slowGatewayserver((ids) => (ids.includes('bad') ? invalid : undefined));
  const answers = Promise.allSettled(['a', 'bad', 'c'].map((id) => ask(question(id), never, 1_000)));
  await turn();
  calls[0]?.finish();
  await turn();
  for (const { finish } of calls.slice(1)) finish();
  expect((await answers).map((one) => (one.status === 'fulfilled' ? one.value.refusal : one.reason))).toEqual([
    'a',
    invalid,
    'c',
  ]);
});

test('a gatewayserver that cannot be reached is not asked again by each question of the batch', async () => {
  const gone = new ConnectError('gone', Code.Unavailable);
  const { calls, ask } = slowGatewayserver(() => gone);
  const answers = Promise.allSettled(['a', 'b'].map((id) => ask(question(id), never, 1_000)));
  await turn();
  calls[0]?.finish();
  expect((await answers).map((one) => one.status === 'rejected' && one.reason)).toEqual([gone, gone]);
  expect(calls).toHaveLength(1);
});

test('who gives up is told at once, harms nobody, and is not asked for if it was still waiting', async () => {
  const { calls, ask } = slowGatewayserver();
  const leaving = new AbortController();
  const first = ask(question('a'), never, 1_000);
  const second = ask(question('b'), leaving.signal, 1_000);
  await turn();
  const third = [ask(question('c'), never, 1_000), ask(question('d'), leaving.signal, 1_000)];
  const reason = new Error('the client hung up');
  leaving.abort(reason);
  await expect(second).rejects.toBe(reason);
  await expect(third[1]).rejects.toBe(reason);
  await turn();
  for (const { finish } of calls) finish();
  expect((await first).refusal).toBe('a');
  expect((await third[0])?.refusal).toBe('c');
  expect(calls.map(({ ids }) => ids)).toEqual([['a', 'b'], ['c']]);
});
