import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { findRenderer } from '@trino-gateway/testing/manifests/render';
import { ofKind, readManifests, type Workload, workloads } from './objects.ts';
import { BASES, COMPONENTS, folder, OVERLAYS, renderings } from './renderings.ts';
import { SECRET_KEYS } from './started-with.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(ROOT, 'docs/kubernetes.md'), 'utf8');
const { of, missing } = await renderings();
const rendered = missing === undefined ? describe : describe.skip;

/** The rows of a table, cell by cell, without its heads. */
const rowsBelow = (heading: string) =>
  (page.split(`\n${heading}\n`)[1] ?? '')
    .split(/\n#+ /)[0]
    ?.split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    ) ?? [];

test('every base, overlay and component is on the page', () => {
  const names = [
    ...BASES,
    ...OVERLAYS.map((name) => `overlays/${name}`),
    ...COMPONENTS.map((name) => `components/${name}`),
  ];
  for (const name of [...names, 'namespace', 'suite', 'trino']) expect(page).toContain(`\`${name}\``);
});

test('the Secrets on the page are those that pods mount, and each overlay says how its own are created', () => {
  const onPage = rowsBelow('### Secrets').map(([name = '', keys = '']) => [
    name.replaceAll('`', ''),
    keys.replaceAll('`', '').split(', ').toSorted(),
  ]);
  expect(Object.fromEntries(onPage)).toEqual(SECRET_KEYS);
  for (const name of OVERLAYS) {
    const head = readFileSync(`${folder(`overlays/${name}`)}/kustomization.yaml`, 'utf8').replaceAll(/ \\\n#\s*/g, ' ');
    const created = [...head.matchAll(/create secret generic (\S+) (.*)/g)].map(([, secret, rest = '']) => [
      secret,
      [...rest.matchAll(/--from-literal=([\w-]+)=/g)].map(([, key]) => key).toSorted(),
    ]);
    const { 'trino-gateway-database-owner': owner, ...all } = SECRET_KEYS;
    expect(Object.fromEntries(created)).toEqual(
      name === 'small' ? all : { ...all, 'trino-gateway-database-owner': owner },
    );
    for (const [, key, value] of head.matchAll(/--from-literal=(admin-token|secrets-key)=(\S+)/g))
      expect([key, value]).toEqual([key, '$(openssl']);
  }
});

rendered('what is rendered', () => {
  test('has the times of the page', () => {
    const times = (workload: Workload) => ({
      hook: /sleep (\d+)$/.exec(workload.pod.containers[0]?.lifecycle?.preStop.exec.command.at(-1) ?? '')?.[1],
      grace: String(workload.pod.terminationGracePeriodSeconds),
    });
    const byName = Object.fromEntries(workloads(of('mysql')).map((workload) => [workload.name, times(workload)]));
    const text = rowsBelow('## A rolling update loses nothing')
      .map((row) => row.join(' | '))
      .join('\n');
    for (const service of ['router', 'gatewayserver'])
      expect(text).toContain(`preStop: \`sleep ${byName[service]?.hook}\` (${service})`);
    const graces = ['router', 'gatewayserver', 'monitor'].map((service) => `${byName[service]?.grace} (${service})`);
    expect(text).toContain(graces.join(', '));
  });

  test('can be the base of an overlay of yours, as the page shows it', async () => {
    const mine = mkdtempSync(join(tmpdir(), 'my-gateway-'));
    try {
      const block = /# my-gateway\/kustomization.yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
      const text = block
        .replaceAll(/^ {3}/gm, '')
        .replaceAll('../deploy/', `${relative(mine, join(ROOT, 'deploy'))}/`)
        .replace('sha256:…', `sha256:${'0'.repeat(64)}`);
      writeFileSync(join(mine, 'kustomization.yaml'), text);
      cpSync(join(folder('overlays/small'), 'gateway.yaml'), join(mine, 'gateway.yaml'));
      const render = await findRenderer();
      const manifests = readManifests(await render(mine));
      expect(ofKind(manifests, 'ServiceMonitor')).toHaveLength(1);
      const [gatewayserver] = workloads(manifests);
      expect(gatewayserver?.pod.containers[0]?.image).toBe(`my.registry/gatewayserver@sha256:${'0'.repeat(64)}`);
      const files = ofKind(manifests, 'ConfigMap').map(({ data }) => Object.values(data as object));
      expect(files).toEqual(BASES.map(() => [readFileSync(join(mine, 'gateway.yaml'), 'utf8')]));
    } finally {
      rmSync(mine, { recursive: true });
    }
  });
});
