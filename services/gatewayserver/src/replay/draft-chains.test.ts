import { create } from '@bufbuild/protobuf';
import { expect, jest, test } from '@jest/globals';
import { type RoutingChain, RoutingChainSchema } from '@trino-gateway/api/gateway';
import { abstains } from '../routing/chain/opinions.ts';
import { noTools } from '../routing/chain/routing-chain.ts';
import type { StepKind, StepKinds } from '../routing/chain/step-kind.ts';
import { createDraftChains } from './draft-chains.ts';

const chain = (id: string): RoutingChain =>
  create(RoutingChainSchema, { steps: [{ id, kind: { case: 'policies', value: {} } }] });

function watched() {
  const running = new Set<string>();
  const compiled: string[] = [];
  const kind: StepKind<unknown> = {
    problems: () => [],
    names: () => ({ groupIds: [], backendIds: [] }),
    compile: (_, id) => {
      compiled.push(id);
      running.add(id);
      return { ask: () => abstains(id, ''), [Symbol.asyncDispose]: async () => void running.delete(id) };
    },
  };
  return { running, compiled, kinds: { policies: kind } as StepKinds };
}

test('a draft is compiled once for all who try it, and ended a moment after the last of them', async () => {
  jest.useFakeTimers();
  try {
    const { running, compiled, kinds } = watched();
    const drafts = createDraftChains(kinds, noTools);
    const inside = Promise.withResolvers<void>();
    const long = drafts.use(chain('a'), () => inside.promise);
    expect(await drafts.use(chain('a'), async ({ steps }) => steps.length)).toBe(1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect([compiled, [...running]]).toEqual([['a'], ['a']]);
    inside.resolve();
    await long;
    await jest.advanceTimersByTimeAsync(29_000);
    expect([...running]).toEqual(['a']);
    await jest.advanceTimersByTimeAsync(2_000);
    expect([...running]).toEqual([]);
  } finally {
    jest.useRealTimers();
  }
});

test('of many drafts only the last few are kept, and none when the process stops', async () => {
  const { running, kinds } = watched();
  const drafts = createDraftChains(kinds, noTools);
  for (let at = 0; at < 20; at++) await drafts.use(chain(`${at}`), async () => {});
  expect([...running]).toEqual(['16', '17', '18', '19']);
  await drafts[Symbol.asyncDispose]();
  expect([...running]).toEqual([]);
});

test('a draft that fails while it is tried is ended like any other', async () => {
  const { running, kinds } = watched();
  const drafts = createDraftChains(kinds, noTools);
  await expect(drafts.use(chain('a'), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await drafts[Symbol.asyncDispose]();
  expect([...running]).toEqual([]);
});
