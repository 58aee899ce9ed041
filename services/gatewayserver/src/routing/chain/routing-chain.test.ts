import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { RoutingChainSchema, type RoutingStepSchema } from '@trino-gateway/api/gateway';
import { abstains } from './opinions.ts';
import { createChainCompiler } from './routing-chain.ts';
import type { StepKind, StepSettings } from './step-kind.ts';

const disposed: string[] = [];
const kind: StepKind<StepSettings<'clientTags'>> = {
  problems: () => [],
  names: () => ({ groupIds: [], backendIds: [] }),
  compile: ({ groupId }, id) => {
    if (groupId === 'bad') throw new Error('cannot be compiled any more');
    return {
      ask: () => abstains(id, groupId),
      [Symbol.asyncDispose]: async () => void disposed.push(`${id} ${groupId}`),
    };
  },
};

const step = (id: string, groupId: string, more: MessageInitShape<typeof RoutingStepSchema> = {}) =>
  ({ id, kind: { case: 'clientTags', value: { groupId } }, ...more }) as MessageInitShape<typeof RoutingStepSchema>;
const chain = (...steps: MessageInitShape<typeof RoutingStepSchema>[]) => create(RoutingChainSchema, { steps });

describe('compiling the chains that come into force', () => {
  test('leaves disabled steps out, and keeps the order of the others', () => {
    const compiled = createChainCompiler({ clientTags: kind }).compile(
      chain(step('b', 'x'), step('off', 'x', { enabled: false }), step('a', 'x', { enabled: true })),
    );
    expect(compiled.steps.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(compiled).toMatchObject({ limitMs: 500, isSlow: false, fallbackGroupId: '' });
  });

  test('goes on with steps that a change leaves alone, wherever they stand now, and ends the others', async () => {
    disposed.length = 0;
    const chains = createChainCompiler({ clientTags: kind });
    const [a, b, c] = chains.compile(chain(step('a', 'x'), step('b', 'x'), step('c', 'x'))).steps;
    const [second, first] = chains.compile(chain(step('b', 'x'), step('a', 'x'), step('d', 'x'))).steps;
    expect([first === a, second === b, c?.id]).toEqual([true, true, 'c']);
    expect(disposed).toEqual(['c x']);
    chains.compile(chain(step('a', 'y')));
    expect(disposed.toSorted()).toEqual(['a x', 'b x', 'c x', 'd x']);
    await chains[Symbol.asyncDispose]();
    expect(disposed).toContain('a y');
  });

  test('makes steps that cannot be used fail when they are asked, and no others', () => {
    const { steps } = createChainCompiler({ clientTags: kind }).compile(
      chain(step('a', 'bad'), { id: 'b', kind: { case: 'policies', value: {} } }, { id: 'c' }, step('d', 'x')),
    );
    const ask = (at: number) => () => steps[at]?.ask({} as never, {} as never);
    expect(ask(0)).toThrow('cannot be compiled any more');
    expect(ask(1)).toThrow('this version knows no step of kind policies');
    expect(ask(2)).toThrow('this version knows no step of kind none');
    expect(ask(3)()).toMatchObject({ kind: 'abstains' });
  });
});
