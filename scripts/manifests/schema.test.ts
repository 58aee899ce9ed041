import { describe, expect, test } from '@jest/globals';
import { readManifests } from './objects.ts';
import { NAMES, renderings } from './renderings.ts';
import { schemaProblems } from './schema.ts';

const { of, missing } = await renderings();
const rendered = missing === undefined ? describe : describe.skip;
if (missing !== undefined) console.warn(`the manifests are not checked: ${missing}`);

rendered.each(NAMES)('%s', (name) => {
  test('what is applied is valid, and has no field that Kubernetes does not know', () => {
    const own = of(name).filter(({ kind }) => kind !== 'ServiceMonitor'); // of the Prometheus operator
    expect(own.length).toBeGreaterThan(5);
    expect(own.flatMap(schemaProblems)).toEqual([]);
  });

  test('everything has a name of its own, in the namespace of the suite or that of the clusters', () => {
    const names = of(name).map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { kind, metadata } of of(name).filter(({ kind }) => kind !== 'Namespace'))
      expect([kind, metadata.namespace]).toEqual([kind, /^Role/.test(kind) ? 'trino' : 'trino-gateway']);
  });
});

describe('the check itself', () => {
  const deployment = (container: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: a, labels: { any: thing } }
spec:
  selector: { matchLabels: { any: thing } }
  template:
    metadata: { labels: { any: thing } }
    spec: { containers: [{ name: a, image: b, ${container} }] }
`;
  test('finds unknown fields, wrong kinds of values and missing ones, and lets free names be', () => {
    const problems = (container: string) => readManifests(deployment(container)).flatMap(schemaProblems);
    expect(problems('env: [{ name: A, value: "1" }], resources: { limits: { memory: 1Mi } }')).toEqual([]);
    expect(problems('livenesProbe: {}')).toEqual([
      'apps/v1 Deployment a.spec.template.spec.containers[0].livenesProbe: unknown field',
    ]);
    expect(problems('ports: [{ containerPort: "x" }]').join()).toMatch(/containerPort/);
    expect(problems('env: [{ value: x }]').join()).toMatch(/name/);
    expect(readManifests('apiVersion: v9\nkind: Ghost\nmetadata: { name: a }\n').flatMap(schemaProblems)).toEqual([
      'v9 Ghost: no schema is known here',
    ]);
  });
});
