import { describe, expect, test } from '@jest/globals';
import { Reason_Outcome as Outcome, Reason_OutcomeSchema } from '@trino-gateway/api/gateway';
import type { ChainAnswer } from '../routing/chain/chain-answer.ts';
import type { Opinion, QueryEffects } from '../routing/chain/opinion.ts';
import { abstains, chooses, refuses } from '../routing/chain/opinions.ts';
import { routedQuery } from '../routing/chain/routed-query.ts';
import {
  builtInChain,
  type ChainStep,
  type CompiledChain,
  createChainCompiler,
} from '../routing/chain/routing-chain.ts';
import type { StepContext } from '../routing/chain/step-kind.ts';
import { indexPolicies } from '../routing/policies/policy-index.ts';
import { stepKinds } from '../routing/steps/registry.ts';
import { askChain } from './ask-chain.ts';

const query = routedQuery(
  { listeningPort: 1, host: '', headers: [], user: 'ann', statement: 'SELECT 1', clientIp: '' },
  0,
);
const snapshot = {
  policies: indexPolicies([]),
  whyNoGroup: (id: string) => ({ ghost: 'does not exist', off: 'is disabled' })[id],
  whyNotAllowed: () => undefined,
  available: () => [],
} as unknown as StepContext['snapshot'];

type Said = Opinion | Error | Promise<Opinion>;
const asked: string[] = [];
const step = (id: string, said: Said | ((context: StepContext) => Said), more: Partial<ChainStep> = {}): ChainStep => ({
  id,
  ask: (_, context) => {
    asked.push(id);
    const answer = typeof said === 'function' ? said(context) : said;
    if (answer instanceof Error) throw answer;
    return answer;
  },
  refusesOnFailure: false,
  observes: false,
  ...more,
});
const chain = (steps: ChainStep[], more: Partial<CompiledChain> = {}): CompiledChain => ({
  steps,
  fallbackGroupId: '',
  limitMs: 5_000,
  isSlow: false,
  needs: createChainCompiler(stepKinds).compile(undefined).needs,
  ...more,
});
const ask = (asking: CompiledChain, defaultGroupId?: string) => {
  asked.length = 0;
  return askChain(asking, query, { snapshot, chance: 0, defaultGroupId });
};
const group = (id: string, groupId: string, effects: QueryEffects = {}) =>
  chooses(id, { groupId, effects, text: 'said so' });
const decided = (answer: ChainAnswer) => {
  if (answer.kind === 'refuses') return answer.message;
  const [candidate] = answer.candidates;
  return candidate && answer.decided(candidate);
};
const outcomes = ({ reasons }: ChainAnswer) =>
  reasons.map(({ step: id, outcome }) => [id, Reason_OutcomeSchema.value[outcome]?.name]);
const late = (ms: number, said: Opinion) => () =>
  new Promise<Opinion>((resolve) => setTimeout(resolve, ms, said).unref());

describe('the steps', () => {
  test('are asked in order, and the first opinion wins', async () => {
    const answer = await ask(
      chain([step('a', abstains('a', 'no')), step('b', group('b', 'etl')), step('c', group('c', 'x'))]),
    );
    expect(decided(answer)).toMatchObject({ groupId: 'etl', decidedBy: 'step b', stepId: 'b' });
    expect(asked).toEqual(['a', 'b']);
    expect(outcomes(answer)).toEqual([
      ['a', 'ABSTAINED'],
      ['b', 'CHOSE'],
    ]);
    expect(answer.hits).toEqual([
      { stepId: 'a', ruleId: '', did: 'abstained' },
      { stepId: 'b', ruleId: '', did: 'decided' },
    ]);
  });

  test('that refuse end the chain, with their message or with a sentence about their reason', async () => {
    const own = step('a', refuses('a', 'too large', 'ask the data team'));
    expect(decided(await ask(chain([own, step('b', group('b', 'etl'))]), 'adhoc'))).toBe('ask the data team');
    expect(asked).toEqual(['a']);
    expect(decided(await ask(chain([step('a', refuses('a', 'too large'))]), 'adhoc'))).toMatch(/^too large: ask /);
  });

  test.each([
    ['throw', new Error('boom')],
    ['reject', () => Promise.reject(new Error('boom'))],
    ['are late', late(2_000, group('a', 'x'))],
  ] as [string, Said | (() => Said)][])('that %s are no opinion, and are counted as failed', async (_, said) => {
    const failing = (more: Partial<ChainStep> = {}) => step('a', said, { limitMs: 20, ...more });
    const answer = await ask(chain([failing(), step('b', group('b', 'etl'))]));
    expect(decided(answer)).toMatchObject({ groupId: 'etl' });
    expect(outcomes(answer)).toEqual([
      ['a', 'FAILED'],
      ['b', 'CHOSE'],
    ]);
    expect(answer.hits[0]).toEqual({ stepId: 'a', ruleId: '', did: 'failed' });
    const refusing = await ask(chain([failing({ refusesOnFailure: true }), step('b', group('b', 'etl'))]));
    expect(decided(refusing)).toMatch(/routing step a of this gateway failed/);
    expect(refusing).toMatchObject({ stepId: 'a' });
    const observed = await ask(
      chain([failing({ refusesOnFailure: true, observes: true }), step('b', group('b', 'etl'))]),
    );
    expect(decided(observed)).toMatchObject({ groupId: 'etl' });
  });

  test('that nobody waits for any more are told to stop', async () => {
    let signal: AbortSignal | undefined;
    const slow = step(
      'slow',
      (context) => {
        signal = context.signal();
        return late(2_000, group('slow', 'x'))();
      },
      { limitMs: 10 },
    );
    const answer = await ask(chain([slow]), 'adhoc');
    expect(answer.reasons[0]?.text).toBe('it did not answer within 10 ms');
    expect(signal?.aborted).toBe(true);
  });

  test('that are not asked for want of time have failed', async () => {
    const steps = [step('slow', late(2_000, group('slow', 'x'))), step('next', group('next', 'etl'))];
    const answer = await ask(chain(steps, { limitMs: 20 }), 'adhoc');
    expect(asked).toEqual(['slow']);
    expect(decided(answer)).toMatchObject({ groupId: 'adhoc', decidedBy: 'default_group' });
    expect(answer.reasons[1]).toMatchObject({ outcome: Outcome.FAILED, text: 'the time of the chain is over' });
    const refusing = [steps[0], { ...steps[1], refusesOnFailure: true }] as ChainStep[];
    expect(decided(await ask(chain(refusing, { limitMs: 20 }), 'adhoc'))).toMatch(/routing step next/);
  });

  test('that only observe are asked and told, and change nothing', async () => {
    const observed = (said: Opinion) => step('a', said, { observes: true });
    for (const said of [group('a', 'x'), refuses('a', 'too large')]) {
      const answer = await ask(chain([observed({ ...said, effects: { priority: 9 } }), step('b', group('b', 'etl'))]));
      expect(decided(answer)).toMatchObject({ groupId: 'etl', priority: 0 });
      expect(outcomes(answer)).toEqual([
        ['a', 'OBSERVED'],
        ['b', 'CHOSE'],
      ]);
      expect(answer.hits[0]).toMatchObject({ did: 'observed' });
    }
  });
});

describe('what steps say besides a group', () => {
  test('is added to the decision, whichever step makes it; of single values the first holds', async () => {
    const first = { priority: 5, addClientTags: ['a', 'b'], sessionProperties: { one: '1', two: '1' } };
    const second = {
      priority: 7,
      requestSource: 'etl',
      addClientTags: ['b', 'c'],
      sessionProperties: { two: '2' },
      strict: true,
    };
    const steps = [
      step('a', { ...abstains('a', 'no'), effects: first }),
      step('b', { ...abstains('b', 'no'), effects: second }),
      step('c', group('c', 'etl', { setHeaders: { 'x-a': '1' } })),
    ];
    expect(decided(await ask(chain(steps)))).toMatchObject({
      priority: 5,
      requestSource: 'etl',
      addClientTags: expect.arrayContaining(['a', 'b', 'c']),
      sessionProperties: { one: '1', two: '1' },
      setHeaders: { 'x-a': '1' },
      strict: true,
    });
    expect(decided(await ask(chain(steps.slice(0, 2)), 'adhoc'))).toMatchObject({ groupId: 'adhoc', priority: 5 });
  });
});

describe('a group that is not there when the query comes', () => {
  test.each([
    ['does not exist', 'ghost'],
    ['is disabled', 'off'],
  ])('because it %s is no opinion, whichever step named it', async (why, groupId) => {
    const matched = { ...group('a', groupId), matched: [{ ruleId: 'r' }] };
    const answer = await ask(chain([step('a', matched), step('b', group('b', 'etl'))]));
    expect(decided(answer)).toMatchObject({ groupId: 'etl' });
    expect(answer.reasons[0]).toMatchObject({
      outcome: Outcome.ABSTAINED,
      text: expect.stringContaining(`group ${groupId} ${why}`),
    });
    expect(answer.hits.slice(0, 2)).toEqual([
      { stepId: 'a', ruleId: 'r', did: 'abstained' },
      { stepId: 'a', ruleId: '', did: 'abstained' },
    ]);
    const promised = await ask(chain([step('a', Promise.resolve(group('a', groupId))), step('b', group('b', 'etl'))]));
    expect(decided(promised)).toMatchObject({ groupId: 'etl' });
  });

  test('is left out where other groups are named, too', async () => {
    const both = group('a', 'ghost');
    const candidates = [...both.candidates, ...group('a', 'etl').candidates];
    const answer = await ask(chain([step('a', { ...both, candidates })]));
    expect(answer).toMatchObject({ kind: 'groups', candidates: [{ groupId: 'etl' }] });
  });

  test('but disabled keeps a query that no other group may take', async () => {
    for (const said of [group('a', 'off', { strict: true }), { ...group('a', 'off'), isLast: true as const }]) {
      const answer = await ask(chain([step('a', said), step('b', group('b', 'etl'))]));
      expect(answer).toMatchObject({ kind: 'groups', candidates: [{ groupId: 'off' }] });
    }
  });
});

describe('when no step has an opinion', () => {
  test.each([
    [
      'the fallback group of the chain beats the default group',
      'etl',
      'adhoc',
      { groupId: 'etl', decidedBy: 'default_group' },
    ],
    ['else it is the default group', '', 'adhoc', { groupId: 'adhoc' }],
    [
      'else the query is refused with all reasons',
      '',
      undefined,
      expect.stringMatching(/^a: no, and gatewayserver\.default/),
    ],
    [
      'also when the fallback group is gone',
      'ghost',
      'adhoc',
      expect.stringMatching(/ghost, a group that does not exist/),
    ],
  ])('%s', async (_, fallbackGroupId, defaultGroupId, expected) => {
    const answer = await ask(chain([step('a', abstains('a', 'no'))], { fallbackGroupId }), defaultGroupId);
    const said = decided(answer);
    if (typeof expected === 'object' && 'groupId' in expected) expect(said).toMatchObject(expected);
    else expect(said).toEqual(expected);
  });
});

test('a chain without slow steps decides in the same turn of the event loop', () => {
  const builtIn = createChainCompiler(stepKinds).compile(builtInChain);
  for (const asking of [builtIn, chain([step('a', new Error('boom')), step('b', group('b', 'ghost'))])])
    expect(ask(asking, 'adhoc')).not.toBeInstanceOf(Promise);
});
