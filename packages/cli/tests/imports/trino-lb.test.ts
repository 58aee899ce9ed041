import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { runCommand } from '../support/command-line.ts';
import { TRINO_LB } from '../support/trino-lb-example.ts';

const run = (text: string) => runCommand(['import', 'trino-lb', '--config', 'lb.yaml'], { files: { 'lb.yaml': text } });

test('clusters, groups, limits and routers of trino-lb are printed as apply reads them', async () => {
  const { code, out } = await run(TRINO_LB);
  expect(code).toBe(0);
  expect(parse(out)).toEqual({
    backends: [
      {
        id: 'trino-s-1',
        url: 'https://s-1.example:8443',
        probe: { user: 'admin' },
        scaler: { stackable: { namespace: 'default', name: 'trino-s-1' } },
      },
      {
        id: 'trino-m-1',
        url: 'https://m-1.example:8443',
        external_url: 'https://m-1.public.example',
        probe: { user: 'admin' },
      },
    ],
    groups: [
      {
        id: 's',
        backend_ids: ['trino-s-1'],
        strategy: 'FEWEST_QUERIES',
        max_running_queries_per_backend: 3,
        queue: { when_unavailable: 'QUEUE' },
        autoscaling: {
          scale_up_queued: 1,
          scale_down_utilization_percent: 70,
          drain_idle_ms: 60_000,
          min_clusters: [{}],
        },
      },
      {
        id: 'm',
        backend_ids: ['trino-m-1'],
        strategy: 'FEWEST_QUERIES',
        max_running_queries_per_backend: 2,
        queue: { when_unavailable: 'QUEUE' },
      },
    ],
    policies: [],
    routing_chain: {
      fallback_group: 'm',
      steps: [
        { id: 'header', routing_group_header: { header: 'X-Group' } },
        { id: 'tags', client_tags: { any_of: ['etl', 'nightly'], group_id: 'm' } },
        { id: 'tags-2', client_tags: { all_of: ['a', 'b'], group_id: 's' } },
        {
          id: 'script',
          script: {
            language: 'PYTHON',
            source: "def targetClusterGroup(query, headers):\n  return headers.get('x-trino-client-tags')\n",
          },
        },
        {
          id: 'costs',
          explain_cost: {
            group_id: 's',
            user: 'admin',
            targets: [{ cpu: 5e9, memory: 5e9, network: 1e10, rows: 1e6, bytes: 1e9, group_id: 's' }],
          },
        },
      ],
    },
  });
});

test('all that is not translated is told, and no password', async () => {
  const { out, err } = await run(TRINO_LB);
  expect(out + err).not.toContain('hunter2');
  for (const said of [
    'note: group "none": left out: it has no cluster',
    'note: router "2, clientTags": has both oneOf and allOf: oneOf is what counted',
    'note: router "4, clientTags": left out: its group "none" is not imported',
    'note: router "7, weather": not translated: there is no such router',
    'note: router "6, explainCosts": loses a target: its group "none" is not imported',
    'note: trinoClusterGroupsIgnoreCert: certificates are always verified: give tls.ca_file of each backend',
    'note: trinoLb.persistence: set gatewayserver.database_url',
    'note: clusterAutoscaler: its reconcileInterval has no counterpart: what changes is seen within seconds',
    'note: clusterAutoscaler: several clusters are started at once where the queue justifies it',
    'note: newThing: is not translated: it is not known here',
    'note: backend "trino-m-1": its probe.password is not shown: fill it in, or use --write, which takes it over',
    'note: step "costs": its password is not shown: fill it in, or use --write, which takes it over',
  ])
    expect(err).toContain(said);
});

test.each<[string, string, string]>([
  ['no YAML', 'a: [hunter2', 'lb.yaml: not YAML: '],
  ['another file', 'router: {}', 'lb.yaml.trinoClusterGroups: '],
  [
    'a text for a number',
    TRINO_LB.replace('maxRunningQueries: 3', 'maxRunningQueries: hunter2'),
    'lb.yaml.trinoClusterGroups.s.maxRunningQueries: ',
  ],
  [
    'a router without its settings',
    TRINO_LB.replace('oneOf:', 'some:').replace('allOf: [x]', '').replace('trinoClusterGroup: m', ''),
    'routers[1].clientTags.trinoClusterGroup: ',
  ],
])('what cannot be read ends with 2 and its place: %s', async (_, text, said) => {
  const { code, out, err } = await run(text);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(said);
  expect(err).not.toContain('hunter2');
});
