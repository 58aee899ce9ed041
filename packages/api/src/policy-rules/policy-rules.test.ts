import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { type Policy, PolicySchema } from '../gen/trinogateway/v1/gateway_pb.ts';
import { kinds, policyRules } from './index.ts';
import type { PolicyRule, PolicyRuleKind } from './policy-rule-kind.ts';
import { createPolicyRules } from './policy-rules.ts';

const ruleFields = PolicySchema.oneofs.find(({ name }) => name === 'rule')?.fields ?? [];

test('every kind of rule in the contract is registered, under its own field', () => {
  expect(ruleFields.length).toBeGreaterThanOrEqual(4);
  expect(Object.entries(kinds).map(([name, { field }]) => [name, field])).toEqual(
    ruleFields.map(({ localName, name }) => [localName, name]),
  );
});

/** A rule of each kind, and a request that it matches. */
const EXAMPLES: { [Name in keyof typeof kinds]: { value: unknown; request: Partial<Parameters<Lookup>[0]> } } = {
  listeningPort: { value: 9090, request: { listeningPort: 9090 } },
  host: { value: 'bi.example', request: { host: 'bi.example' } },
  clientTags: {
    value: { anyOf: [], allOf: ['etl'] },
    request: { rawHeaders: ['X-Trino-Client-Tags', 'etl'] },
  },
  connectionProperties: {
    value: { properties: { team: 'data' }, exact: '' },
    request: { rawHeaders: ['X-Trino-Connection-Properties', 'team=data'] },
  },
};
type Lookup = ReturnType<typeof policyRules.compile<string[]>>[number];

const policyOf = (rule: PolicyRule): Policy => create(PolicySchema, { id: 'p', groupId: 'g', rule } as never);
const matching = (rules: typeof policyRules, rule: PolicyRule, request: Partial<Parameters<Lookup>[0]>) =>
  rules
    .compile([policyOf(rule)], (policies) => policies.map(({ id }) => id))
    .flatMap((lookUp) => lookUp({ listeningPort: 8080, host: 'gw', rawHeaders: [], ...request }) ?? []);

test.each(Object.entries(EXAMPLES))('%s: checked, described, stored and matched', (name, { value, request }) => {
  const rule = policyOf({ case: name, value } as PolicyRule).rule;
  expect(policyRules.problems(rule)).toEqual([]);
  expect(policyRules.describe(rule)).toMatch(/^[a-z]+ .*\w/);
  expect(policyRules.normalize(rule)).toEqual(rule);
  expect(matching(policyRules, rule, request)).toEqual(['p']);
  expect(matching(policyRules, rule, {})).toEqual([]);
});

test('a policy without a rule is refused, described and matched as nothing', () => {
  const none: PolicyRule = { case: undefined };
  expect(policyRules.problems(none)).toHaveLength(1);
  expect(policyRules.describe(none)).toBe('-');
  expect(policyRules.normalize(none)).toEqual(none);
  expect(policyRules.entryPoint(none)).toBeUndefined();
  expect(matching(policyRules, none, {})).toEqual([]);
});

test('a new kind is one registration: nothing else has to know of it', () => {
  const userAgent: PolicyRuleKind<string> = {
    field: 'user_agent',
    problems: (name) => (name === '' ? [{ field: 'user_agent', message: 'expected a name' }] : []),
    normalize: (name) => name.toLowerCase(),
    describe: (name) => `user agent ${name}`,
    compile: (policies, summarize) => {
      return ({ rawHeaders }) => {
        const found = policies.filter(({ value }) => rawHeaders.some((text) => text.toLowerCase() === value));
        return found.length > 0 ? summarize(found.map(({ policy }) => policy)) : undefined;
      };
    },
  };
  const rules = createPolicyRules({ ...kinds, userAgent });
  const rule = { case: 'userAgent', value: 'Superset' } as unknown as PolicyRule;
  expect(rules.problems({ ...rule, value: '' } as PolicyRule)).toEqual([
    { field: 'user_agent', message: 'expected a name' },
  ]);
  expect(rules.problems({ case: undefined })[0]?.message).toMatch(/^expected one of listening_port, .*, user_agent$/);
  expect(rules.entryPointFields).toEqual(['listening_port', 'host']);
  expect(rules.describe(rule)).toBe('user agent Superset');
  expect(rules.normalize(rule).value).toBe('superset');
  const compiled = rules.compile([{ ...policyOf({ case: undefined }), rule }], (found) => found.length);
  expect(
    compiled.map((lookUp) => lookUp({ listeningPort: 1, host: '', rawHeaders: ['User-Agent', 'SUPERSET'] })),
  ).toEqual([1]);
});

test('no other file tells kinds of rules apart', () => {
  const root = fileURLToPath(new URL('../../../..', import.meta.url));
  const names = ruleFields.map(({ localName }) => localName).join('|');
  const tellsApart = new RegExp(`case: '(${names})'|\\.case (===|!==) '(${names})'|case '(${names})':`);
  const sources = globSync('{packages,services}/*/src/**/*.ts', { cwd: root });
  const found = sources
    .filter((file) => !file.endsWith('.test.ts') && !file.includes('/gen/'))
    .filter((file) => tellsApart.test(readFileSync(`${root}${file}`, 'utf8')));
  // One import translates the four kinds of another gateway, the other makes steps of the routing chain, one of which is called alike.
  expect(found.toSorted()).toEqual([
    'packages/cli/src/razorpay/translate-policy.ts',
    'packages/cli/src/trino-lb/router-steps.ts',
  ]);
});
