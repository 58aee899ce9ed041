import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { BackendSchema, GroupSchema, RoutingChainSchema } from '@trino-gateway/api/gateway';
import { describeDifference, differences } from './differences.ts';

const lines = (...given: Parameters<typeof differences>) => differences(...given).map(describeDifference);

test('fields are told one by one: new, gone and changed ones', () => {
  const before = create(BackendSchema, { id: 'b', url: 'http://b', weight: 2, labels: { site: 'north', old: 'x' } });
  const after = create(BackendSchema, {
    id: 'b',
    url: 'https://b',
    labels: { site: 'south' },
    scaler: { kind: { case: 'command', value: { start: ['/start', 'b'] } } },
  });
  expect(lines(BackendSchema, before, after)).toEqual([
    '~ url: "http://b" -> "https://b"',
    '~ labels.site: "north" -> "south"',
    '+ scaler.command.start: ["/start","b"]',
    '- weight: 2',
    '- labels.old: "x"',
  ]);
  expect(lines(BackendSchema, before, before)).toEqual([]);
});

test('a new object has all its fields, one that goes none of them', () => {
  const group = create(GroupSchema, { id: 'g', backendIds: ['a', 'b'], autoscaling: { minClusters: [{}] } });
  expect(lines(GroupSchema, undefined, group)).toEqual([
    '+ id: "g"',
    '+ backend_ids: ["a","b"]',
    '+ autoscaling.min_clusters[0]: {}',
  ]);
  expect(lines(GroupSchema, group, undefined)[0]).toBe('- id: "g"');
});

test('no secret is shown, whether it differs or not', () => {
  const backend = (password: string) => create(BackendSchema, { id: 'b', probe: { user: 'u', password } });
  expect(lines(BackendSchema, backend('hunter2'), backend('hunter3'))).toEqual([]);
  expect(lines(BackendSchema, undefined, backend('hunter2')).join()).toBe(
    '+ id: "b",+ probe.user: "u",+ probe.password: "********"',
  );
});

test('entries of a list go by their ids', () => {
  const chain = (header: string) =>
    create(RoutingChainSchema, { steps: [{ id: 'asked', kind: { case: 'routingGroupHeader', value: { header } } }] });
  expect(lines(RoutingChainSchema, chain('X-A'), chain('X-B'))).toEqual([
    '~ steps[asked].routing_group_header.header: "X-A" -> "X-B"',
  ]);
});
