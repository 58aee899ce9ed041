import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { RoutingRule_ShareBy, type RoutingRuleSchema, RoutingStep_RulesSchema } from '@trino-gateway/api/gateway';
import type { Opinion } from '../../chain/opinion.ts';
import { routedQuery, type SubmittedQuery } from '../../chain/routed-query.ts';
import { noTools } from '../../chain/routing-chain.ts';
import type { StepContext } from '../../chain/step-kind.ts';
import { rulesStep } from './rules-step.ts';

type RuleInit = MessageInitShape<typeof RoutingRuleSchema>;

const NOW = Date.UTC(2026, 0, 5, 9, 30); // a Monday
const bare: SubmittedQuery = {
  listeningPort: 8080,
  host: 'trino',
  headers: [{ name: 'X-Trino-Source', value: 'dashboard' }],
  user: 'ann',
  statement: 'SELECT 1',
  clientIp: '10.0.0.1',
  submissionId: 's1',
};
const context: StepContext = {
  snapshot: {
    policies: undefined as never,
    whyNoGroup: () => undefined,
    available: () => [],
    whyNotAllowed: () => undefined,
    groupOfBackend: (id) => (id === 'b1' ? 'of-b1' : undefined),
  },
  chance: 0.5,
  limitMs: 100,
  signal: () => new AbortController().signal,
};
const settings = (rules: RuleInit[]) => create(RoutingStep_RulesSchema, { rules });

function ask(rules: RuleInit[], query: Partial<SubmittedQuery> = {}, now = NOW): Opinion {
  const step = rulesStep.compile(settings(rules), 'rules', noTools);
  return step.ask(routedQuery({ ...bare, ...query }, now), context) as Opinion;
}

function decidedBy(opinion: Opinion) {
  if (opinion.kind !== 'groups') throw new Error(opinion.reason.text);
  const [candidate] = opinion.candidates;
  return { ...opinion.decided(candidate as never), backendId: candidate?.backendId };
}

describe('what a matching rule says', () => {
  test('the first that matches decides the group, and says so', () => {
    const opinion = ask([
      { id: 'no', when: 'source == "cli"', groupId: 'a' },
      { id: 'yes', when: 'source == "dashboard"', groupId: 'b', priority: 5, strict: true },
      { id: 'late', when: 'true', groupId: 'c' },
    ]);
    expect(opinion).toMatchObject({ kind: 'groups', matched: [{ ruleId: 'yes' }] });
    expect(opinion.reason.text).toBe('rule yes: group b, priority 5, no fallback');
    expect(decidedBy(opinion)).toMatchObject({
      groupId: 'b',
      decidedBy: 'step rules, rule yes',
      ruleId: 'yes',
      priority: 5,
      strict: true,
    });
  });

  test('no rule that matches is no opinion', () => {
    expect(ask([{ id: 'no', when: 'user == "bob"', groupId: 'a' }])).toMatchObject({
      kind: 'abstains',
      why: 'rules: no rule matches',
      matched: [],
    });
  });

  test('a refusal has the message of the rule', () => {
    const opinion = ask([{ id: 'no', when: 'length > 3', refuse: 'ask the data team' }]);
    expect(opinion).toMatchObject({ kind: 'refuses', message: 'ask the data team', matched: [{ ruleId: 'no' }] });
  });

  test('a pinned backend goes with the first group that holds it', () => {
    const opinion = ask([{ id: 'pin', when: 'true', backendId: 'b1' }]);
    expect(decidedBy(opinion)).toMatchObject({ groupId: 'of-b1', backendId: 'b1', pinnedBackendId: 'b1' });
  });

  test('a pinned backend of no group is passed over', () => {
    const opinion = ask([
      { id: 'pin', when: 'true', backendId: 'b2' },
      { id: 'next', when: 'true', groupId: 'g' },
    ]);
    expect(decidedBy(opinion).groupId).toBe('g');
    expect(opinion.reason.text).toMatch('rule pin: backend b2 is in no enabled group');
    expect(opinion.matched).toEqual([{ ruleId: 'pin', failed: true }, { ruleId: 'next' }]);
  });

  test('rules that decide no group add what they say, the first of them first', () => {
    const opinion = ask([
      { id: 'one', when: 'true', addClientTags: [' a ', 'b'], requestSource: 'x', sessionProperties: { p: '1' } },
      { id: 'two', when: 'true', addClientTags: ['b', 'c'], requestSource: 'y', sessionProperties: { p: '2', q: '3' } },
      { id: 'three', when: 'true', groupId: 'g', addClientTags: ['d'] },
    ]);
    expect(opinion.effects).toEqual({
      addClientTags: ['a', 'b', 'c'],
      requestSource: 'x',
      sessionProperties: { p: '1', q: '3' },
    });
    expect(decidedBy(opinion).addClientTags).toEqual(['d']);
    expect(opinion.matched).toEqual([{ ruleId: 'one' }, { ruleId: 'two' }, { ruleId: 'three' }]);
  });

  test('such rules alone leave the decision to other steps', () => {
    const opinion = ask([{ id: 'one', when: 'true', requestSource: 'x' }]);
    expect(opinion).toMatchObject({ kind: 'abstains', effects: { requestSource: 'x' } });
    expect(opinion.reason.text).toBe('rule one: decides no group');
  });

  test('a disabled rule does not exist', () => {
    expect(ask([{ id: 'off', enabled: false, when: 'true', groupId: 'a' }]).kind).toBe('abstains');
  });

  test('a rule that observes says what it would have done', () => {
    const opinion = ask([
      { id: 'seen', observe: true, when: 'true', refuse: 'no' },
      { id: 'decides', when: 'true', groupId: 'g' },
    ]);
    expect(decidedBy(opinion).groupId).toBe('g');
    expect(opinion.matched).toEqual([{ ruleId: 'seen', wouldHave: 'refuses: no' }, { ruleId: 'decides' }]);
  });

  test('a rule without an answer for the query does not match, and tells why', () => {
    const opinion = ask([
      { id: 'broken', when: 'session["x"] == "1"', groupId: 'a' },
      { id: 'next', when: 'true', groupId: 'g' },
    ]);
    expect(decidedBy(opinion).groupId).toBe('g');
    expect(opinion.matched).toEqual([{ ruleId: 'broken', failed: true }, { ruleId: 'next' }]);
    expect(opinion.reason.text).toBe('rule next: group g (not evaluated: rule broken: there is no key "x")');
  });

  test('of many such rules three are told', () => {
    const rules = Array.from({ length: 200 }, (_, at) => ({
      id: `r${at}`,
      when: `headers["h${at}"] == "1"`,
      groupId: 'a',
    }));
    const { reason } = ask(rules);
    expect(reason.text).toMatch('rule r2: there is no key "h2"; and 197 more)');
  });

  test('a statement made to keep rules busy fails the step instead', () => {
    const rules = Array.from({ length: 300 }, (_, at) => ({
      id: `r${at}`,
      when: `statement.contains("needle${at}") && statement.contains("y")`,
      groupId: 'a',
    }));
    const began = process.cpuUsage();
    expect(() => ask(rules, { statement: 'needl '.repeat(170_000) })).toThrow('it takes too much work for this query');
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(1_500);
  });

  test('statements are read only for rules that ask for it', () => {
    let isRead = 0;
    const step = rulesStep.compile(
      settings([
        { id: 'a', when: 'user == "bob" && kind == "SELECT"', groupId: 'a' },
        { id: 'b', when: 'source == "dashboard"', groupId: 'g' },
      ]),
      'rules',
      noTools,
    );
    const query = routedQuery(bare, NOW);
    const watched = {
      ...query,
      sql: () => {
        isRead += 1;
        return query.sql();
      },
    };
    expect((step.ask(watched, context) as Opinion).kind).toBe('groups');
    expect(isRead).toBe(0);
  });
});

test.each([
  ['user == "ann"', false],
  ['size(prepared) > 0', true],
  ['kind == "SELECT"', true],
  ['tables.exists(t, t == "a.b.c")', true],
])('%s needs prepared statements: %s', (when, expected) => {
  expect(rulesStep.needs?.(settings([{ id: 'r', when, groupId: 'g' }]))).toEqual({ preparedStatements: expected });
});

describe('which part of the queries a rule holds for', () => {
  const users = Array.from({ length: 2_000 }, (_, at) => `user${at}`);
  const share = (rule: RuleInit, query: (at: number) => Partial<SubmittedQuery>) => {
    const step = rulesStep.compile(settings([{ id: 'canary', when: 'true', groupId: 'g', ...rule }]), 'rules', noTools);
    const isIn = (at: number) => (step.ask(routedQuery({ ...bare, ...query(at) }, NOW), context) as Opinion).kind;
    return users.filter((_, at) => isIn(at) === 'groups');
  };

  test('a tenth of the users, always the same, and more of them when it grows', () => {
    const byUser = (at: number) => ({ user: users[at] ?? '', submissionId: `s${at}` });
    const tenth = share({ share: 0.1 }, byUser);
    expect(tenth.length).toBeGreaterThan(150);
    expect(tenth.length).toBeLessThan(250);
    expect(share({ share: 0.1 }, (at) => ({ ...byUser(at), submissionId: `t${at}` }))).toEqual(tenth);
    expect(share({ share: 0.3 }, byUser)).toEqual(expect.arrayContaining(tenth));
    expect(share({ id: 'other', share: 0.1 }, byUser)).not.toEqual(tenth);
  });

  test('all and none', () => {
    expect(share({ share: 1 }, (at) => ({ user: users[at] ?? '' }))).toHaveLength(users.length);
    expect(share({ share: 0 }, (at) => ({ user: users[at] ?? '' }))).toEqual([]);
  });

  test('a half of the queries of one user, the same for each attempt of a submission', () => {
    const byQuery = { share: 0.5, shareBy: RoutingRule_ShareBy.QUERY };
    const half = share(byQuery, (at) => ({ submissionId: `s${at}` }));
    expect(half.length).toBeGreaterThan(850);
    expect(half.length).toBeLessThan(1_150);
    expect(share(byQuery, (at) => ({ submissionId: `s${at}` }))).toEqual(half);
  });

  test('a dry run is drawn by chance', () => {
    const rule = settings([{ id: 'r', when: 'true', groupId: 'g', share: 0.5, shareBy: RoutingRule_ShareBy.QUERY }]);
    const step = rulesStep.compile(rule, 'rules', noTools);
    const { submissionId: _, ...dry } = bare;
    const kinds = [0.1, 0.35, 0.6, 0.85].map(
      (chance) => (step.ask(routedQuery(dry, NOW), { ...context, chance }) as Opinion).kind,
    );
    expect(kinds.filter((kind) => kind === 'groups')).toHaveLength(2);
  });

  test.each([
    ['* 8-18 * * 1-5', '', Date.UTC(2026, 0, 5, 9), true],
    ['* 8-18 * * 1-5', '', Date.UTC(2026, 0, 5, 19), false],
    ['* 8-18 * * 1-5', '', Date.UTC(2026, 0, 4, 9), false],
    ['* 8-18 * * 1-5', 'America/New_York', Date.UTC(2026, 0, 5, 9), false],
    ['* 8-18 * * 1-5', 'America/New_York', Date.UTC(2026, 0, 5, 22), true],
  ])('the window %s in %j at %d is open: %s', (schedule, timeZone, now, isOpen) => {
    const { kind } = ask([{ id: 'r', when: 'true', groupId: 'g', schedule, timeZone }], {}, now);
    expect(kind === 'groups').toBe(isOpen);
  });
});
