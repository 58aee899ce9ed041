import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import {
  RoutingStep_ClientTagsSchema,
  RoutingStep_RoutingGroupHeaderSchema,
  RoutingStep_RoutingGroupHeader_Unknown as Unknown,
} from '@trino-gateway/api/gateway';
import type { Opinion } from '../chain/opinion.ts';
import { routedQuery } from '../chain/routed-query.ts';
import { noTools } from '../chain/routing-chain.ts';
import type { CompiledStep, StepContext } from '../chain/step-kind.ts';
import { clientTagsStep } from './client-tags/client-tags.ts';
import { routingGroupHeaderStep } from './routing-group-header/routing-group-header.ts';

type HeaderSettings = MessageInitShape<typeof RoutingStep_RoutingGroupHeaderSchema>;
type TagSettings = MessageInitShape<typeof RoutingStep_ClientTagsSchema>;

const groups = new Map([
  ['etl', undefined],
  ['adhoc', undefined],
  ['off', 'is disabled'],
]);
const context: StepContext = {
  snapshot: {
    policies: undefined as never,
    whyNoGroup: (id) => (groups.has(id) ? groups.get(id) : 'does not exist'),
    available: () => [],
    whyNotAllowed: () => undefined,
    groupOfBackend: () => undefined,
  },
  chance: 0,
  limitMs: 100,
  signal: () => new AbortController().signal,
};

/** The group that it chooses, `abstains` or `refuses`. */
function said(step: CompiledStep, headers: string[]): string | undefined {
  const lines = Array.from({ length: headers.length / 2 }, (_, at) => ({
    name: headers[2 * at] ?? '',
    value: headers[2 * at + 1] ?? '',
  }));
  const query = { listeningPort: 1, host: '', headers: lines, user: 'u', statement: '', clientIp: '' };
  const opinion = step.ask(routedQuery(query, 0), context) as Opinion;
  return opinion.kind === 'groups' ? opinion.candidates[0]?.groupId : opinion.kind;
}

describe('the header by which a client asks for a group', () => {
  const ask = (settings: HeaderSettings, headers: string[]) =>
    said(
      routingGroupHeaderStep.compile(create(RoutingStep_RoutingGroupHeaderSchema, settings), 'asked', noTools),
      headers,
    );

  test.each<[HeaderSettings, string[], string]>([
    [{}, ['X-Trino-Routing-Group', 'etl'], 'etl'],
    [{}, ['x-TRINO-routing-GROUP', '  etl\t'], 'etl'],
    [{}, ['X-Presto-Routing-Group', 'etl'], 'etl'],
    [{}, ['X-Trino-Routing-Group', 'etl', 'X-Trino-Routing-Group', 'adhoc'], 'etl'],
    [{}, ['X-Trino-Routing-Group', 'etl,adhoc'], 'abstains'],
    [{}, ['X-Trino-Routing-Group', ''], 'abstains'],
    [{}, ['X-Trino-Routing-Group', ' '], 'abstains'],
    [{}, [], 'abstains'],
    [{}, ['X-Trino-Routing-Group', 'nowhere'], 'abstains'],
    [{}, ['X-Trino-Routing-Group', 'ü'], 'abstains'],
    [{}, ['X-Trino-Routing-Group', 'ETL'], 'abstains'],
    [{}, ['X-Trino-Routing-Group', 'off'], 'off'],
    [{}, ['X-Trino-Routing-Group', '__proto__'], 'abstains'],
    [{ unknown: Unknown.REFUSE }, ['X-Trino-Routing-Group', 'nowhere'], 'refuses'],
    [{ unknown: Unknown.REFUSE }, ['X-Trino-Routing-Group', 'x'.repeat(60_000)], 'refuses'],
    [{ unknown: Unknown.REFUSE }, [], 'abstains'],
    [{ groups: ['adhoc'] }, ['X-Trino-Routing-Group', 'adhoc'], 'adhoc'],
    [{ groups: ['adhoc'] }, ['X-Trino-Routing-Group', 'etl'], 'abstains'],
    [{ groups: ['adhoc'], unknown: Unknown.REFUSE }, ['X-Trino-Routing-Group', 'etl'], 'refuses'],
    [{ header: 'X-Team-Group' }, ['x-team-group', 'etl'], 'etl'],
    [{ header: 'X-Team-Group' }, ['X-Trino-Routing-Group', 'etl'], 'abstains'],
    [{ header: 'Route-To' }, ['route-to', 'etl'], 'etl'],
  ])('%j with %j: %s', (settings, headers, expected) => expect(ask(settings, headers)).toBe(expected));

  test.each([
    'a b',
    'a:b',
    'ü',
    'x'.repeat(129),
    'Authorization',
    'Cookie',
    'host',
    'Content-Length',
    'X-Forwarded-For',
    'X-Trino-User',
    'x-trino-session',
    'X-Presto-Routing-Group',
    'User-Agent',
    'Connection',
  ])('%j is refused as its name', (header) => {
    const settings = create(RoutingStep_RoutingGroupHeaderSchema, { header });
    expect(routingGroupHeaderStep.problems(settings).map(({ field }) => field)).toEqual(['header']);
  });

  test('routers learn its name', () => {
    const needs = (header: string) =>
      routingGroupHeaderStep.needs?.(create(RoutingStep_RoutingGroupHeaderSchema, { header }));
    expect(needs('')).toEqual({ groupHeaders: ['x-trino-routing-group'] });
    expect(needs('Route-To')).toEqual({ groupHeaders: ['route-to'] });
  });
});

describe('client tags', () => {
  const ask = (settings: TagSettings, headers: string[]) =>
    said(
      clientTagsStep.compile(create(RoutingStep_ClientTagsSchema, { groupId: 'etl', ...settings }), 'tags', noTools),
      headers,
    );

  test.each<[TagSettings, string[], string]>([
    [{ anyOf: ['a', 'b'] }, ['X-Trino-Client-Tags', 'x, b ,y'], 'etl'],
    [{ anyOf: ['a', 'b'] }, ['X-Presto-Client-Tags', 'a'], 'etl'],
    [{ anyOf: [' a '] }, ['X-Trino-Client-Tags', 'a'], 'etl'],
    [{ anyOf: ['a'] }, ['X-Trino-Client-Tags', 'A'], 'abstains'],
    [{ anyOf: ['a'] }, ['X-Trino-Client-Tags', 'ab,ba'], 'abstains'],
    [{ anyOf: ['a'] }, ['X-Trino-Client-Tags', 'b', 'X-Trino-Client-Tags', 'a'], 'abstains'],
    [{ anyOf: ['a'] }, ['X-Trino-Client-Tags', ''], 'abstains'],
    [{ anyOf: ['a'] }, [], 'abstains'],
    [{ anyOf: ['grün'] }, ['X-Trino-Client-Tags', '\u00a0grün\u0085'], 'etl'],
    [{ allOf: ['a', 'b'] }, ['X-Trino-Client-Tags', 'b,c,a'], 'etl'],
    [{ allOf: ['a', 'b'] }, ['X-Trino-Client-Tags', 'a,c'], 'abstains'],
  ])('%j with %j: %s', (settings, headers, expected) => expect(ask(settings, headers)).toBe(expected));

  test.each<[TagSettings, string]>([
    [{}, 'any_of'],
    [{ anyOf: ['a'], allOf: ['b'] }, 'any_of'],
    [{ anyOf: [' '] }, 'any_of'],
    [{ anyOf: ['a,b'] }, 'any_of'],
    [{ anyOf: ['łódź'] }, 'any_of'],
    [{ anyOf: Array.from({ length: 1_001 }, (_, at) => `t${at}`) }, 'any_of'],
    [{ anyOf: ['a'], groupId: 'a b' }, 'group_id'],
  ])('%j is refused', (settings, field) => {
    const problems = clientTagsStep.problems(create(RoutingStep_ClientTagsSchema, { groupId: 'etl', ...settings }));
    expect(problems.map((problem) => problem.field)).toEqual([field]);
  });
});
