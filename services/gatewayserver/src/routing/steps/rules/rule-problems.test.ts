import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { type RoutingRule_ShareBy, type RoutingRuleSchema, RoutingStep_RulesSchema } from '@trino-gateway/api/gateway';
import { rulesStep } from './rules-step.ts';

type RuleInit = MessageInitShape<typeof RoutingRuleSchema>;

const settings = (rules: RuleInit[]) => create(RoutingStep_RulesSchema, { rules });
const problems = (rule: RuleInit) => rulesStep.problems(settings([{ id: 'r', when: 'true', groupId: 'g', ...rule }]));

describe('what is refused when it is written', () => {
  test.each<[string, RuleInit, string]>([
    ['id', { id: 'a b' }, 'rules[0].id'],
    ['when', { when: '' }, 'expected an expression'],
    [
      'when',
      { when: 'tables.exists(t, t.startsWith(1))' },
      'rule r: line 1, column 31: there is no string.startsWith(int)',
    ],
    ['when', { when: 'tabels.exists(t, true)' }, 'there is no "tabels"'],
    ['when', { when: 'user' }, 'expected a bool, got a string'],
    ['when', { when: `user == "${'x'.repeat(1_000_000)}"` }, 'expected at most 10000 characters'],
    ['group_id', { groupId: 'g', backendId: 'b' }, 'at most one of'],
    ['group_id', { groupId: 'g', refuse: 'no' }, 'at most one of'],
    ['group_id', { groupId: '' }, 'expected one of'],
    ['group_id', { groupId: 'a b' }, 'rules[0].group_id'],
    ['backend_id', { groupId: '', backendId: 'a b' }, 'rules[0].backend_id'],
    ['refuse', { groupId: '', refuse: 'x'.repeat(1_001) }, 'up to 1000 characters'],
    ['refuse', { groupId: '', refuse: 'a\nb' }, 'in one line'],
    ['refuse', { groupId: '', refuse: 'no', strict: true }, 'expected nothing else'],
    ['priority', { priority: 1_001 }, 'expected -1000 to 1000'],
    ['request_source', { requestSource: 'a\r\nX: y' }, 'Latin-1'],
    ['add_client_tags', { addClientTags: [' '] }, 'is empty or has a comma'],
    ['add_client_tags', { addClientTags: ['a,b'] }, 'is empty or has a comma'],
    ['add_client_tags', { addClientTags: ['łódź'] }, 'cannot be carried by a header'],
    ['session_properties', { sessionProperties: { 'a=b': '1' } }, 'is no name such as'],
    ['session_properties', { sessionProperties: { 'a.b.c': '1' } }, 'is no name such as'],
    ['session_properties', { sessionProperties: { a: 'x'.repeat(1_001) } }, 'has a value'],
    ['session_properties', { sessionProperties: { a: '\ud800' } }, 'has a value'],
    ['share', { share: 1.5 }, 'expected 0 to 1, got 1.5'],
    ['share', { share: Number.NaN }, 'expected 0 to 1, got NaN'],
    ['share_by', { shareBy: 9 as RoutingRule_ShareBy }, 'known value'],
    ['schedule', { schedule: '* 25 * * *' }, 'hour: expected 0 to 23'],
    ['time_zone', { timeZone: 'UTC' }, 'expected only together with schedule'],
    ['time_zone', { schedule: '* * * * *', timeZone: 'Mars/Olympus' }, 'IANA time zone'],
  ])('%s: %#', (field, rule, message) => {
    const found = problems(rule);
    expect(found.map((problem) => problem.field)).toEqual([`rules[0].${field}`]);
    expect(`${found[0]?.field}: ${found[0]?.message}`).toMatch(message);
  });

  test('the same id twice, more than 2,000 rules, and more text than is read', () => {
    const rule = { when: 'true', groupId: 'g' };
    expect(
      rulesStep.problems(
        settings([
          { id: 'r', ...rule },
          { id: 'r', ...rule },
        ]),
      ),
    ).toEqual([{ field: 'rules[1].id', message: 'rule r: "r" is there twice' }]);
    const many = (count: number, when: string) =>
      settings(Array.from({ length: count }, (_, at) => ({ ...rule, id: `r${at}`, when })));
    expect(rulesStep.problems(many(2_000, 'true'))).toEqual([]);
    expect(rulesStep.problems(many(2_001, 'true'))).toMatchObject([{ field: 'rules' }]);
    expect(rulesStep.problems(many(201, `user == "${'x'.repeat(990)}"`))).toMatchObject([{ field: 'rules' }]);
  });

  test('of many problems the first are told', () => {
    const rules = Array.from({ length: 2_000 }, (_, at) => ({ id: `r${at}`, when: 'nothing', groupId: 'g' }));
    expect(rulesStep.problems(settings(rules)).length).toBeLessThan(30);
  });
});
