import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { type Container, type Manifest, ofKind, readManifests, type Workload, workloads } from './objects.ts';
import { LADEN, NAMES, renderings } from './renderings.ts';
import { configurationOf } from './started-with.ts';

type Rule = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { of, missing } = await renderings();
const rendered = missing === undefined ? describe : describe.skip;

const rulesOf = (manifests: Manifest[], name: string) =>
  ofKind(manifests, 'Role')
    .filter(({ metadata }) => metadata.name === name)
    .flatMap((role) => role.rules as Rule[]);

rendered.each(NAMES)('%s', (name) => {
  test('nobody has a right in the whole cluster, or by a pattern', () => {
    const kinds = of(name).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind.startsWith('ClusterRole'))).toEqual([]);
    for (const { rules } of ofKind(of(name), 'Role')) expect(JSON.stringify(rules)).not.toContain('*');
  });
});

rendered.each(LADEN)('%s', (name) => {
  test('only the monitor has rights at the API server, in the namespace of the clusters', () => {
    const bindings = of(name).filter(({ kind }) => kind === 'RoleBinding');
    expect(bindings.map(({ metadata }) => metadata.name)).toEqual(['trino-gateway-discovery', 'trino-gateway-scalers']);
    for (const { metadata, roleRef, subjects } of bindings) {
      expect(metadata.namespace).toBe('trino');
      expect(roleRef).toMatchObject({ kind: 'Role', name: metadata.name });
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name: 'monitor', namespace: 'trino-gateway' }]);
    }
  });

  test('scalers may do with the clusters that are named what they check for at the start, and no more', () => {
    const sources = globSync('services/monitor/src/scaling/scalers/*.ts', { cwd: ROOT })
      .filter((path) => !path.endsWith('.test.ts'))
      .map((path) => readFileSync(`${ROOT}/${path}`, 'utf8'));
    const checked = sources.flatMap((text) =>
      [...text.matchAll(/rights\.check\(\s*\{ verbs: (\[[^\]]*\])/g)].map(([, verbs = '']) =>
        verbs.replaceAll(/['[\]\s]/g, ''),
      ),
    );
    const rules = rulesOf(of(name), 'trino-gateway-scalers');
    expect(rules.map(({ resources }) => resources)).toEqual([
      ['trinoclusters'],
      ['deployments/scale', 'statefulsets/scale'],
    ]);
    for (const { verbs, resourceNames = [] } of rules) {
      expect(verbs).toEqual(['get', 'patch']);
      expect(resourceNames).toEqual(['trino-blue', 'trino-green']);
    }
    expect(checked).toEqual(['get,patch', 'get,patch']);
  });

  test('discovery may look at both kinds, which cannot be bound to names, and change nothing', () => {
    const rules = rulesOf(of(name), 'trino-gateway-discovery');
    expect(rules.map(({ resources }) => resources)).toEqual([['services'], ['trinoclusters']]);
    for (const { verbs } of rules) expect(verbs).toEqual(['list', 'watch']);
    const onPage = /kind: Role\n[\s\S]*?```/.exec(readFileSync(`${ROOT}/docs/discovery.md`, 'utf8'))?.[0] ?? '';
    const [role] = readManifests(onPage.replace('```', ''));
    expect(role?.rules).toEqual(rules);
    // What it may see is what it looks for.
    const monitor = workloads(of(name)).find((workload) => workload.name === 'monitor') as Workload;
    const [container] = monitor.pod.containers as [Container];
    expect(configurationOf(of(name), monitor, container).monitor).toMatchObject({
      discovery: true,
      discovery_kinds: ['Service', 'TrinoCluster'],
      discovery_namespaces: ['trino'],
    });
  });
});
