import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { A_SECRET, knownVariables, SERVICES } from '../deploy/settings.ts';
import { type Container, containersOf, find, type Manifest, type Workload, workloads } from './objects.ts';
import { BASES, LADEN, NAMES, OVERLAYS, renderings } from './renderings.ts';
import { configurationFile, configurationOf, filesOf, variablesOf } from './started-with.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { of, missing } = await renderings();
const rendered = missing === undefined ? describe : describe.skip;
const folder = mkdtempSync(join(tmpdir(), 'rendered-configuration-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Puts the files of a pod into a folder, and runs the real program with its variables: what does it say of them? */
async function checkConfiguration(manifests: Manifest[], workload: Workload): Promise<string> {
  const root = mkdtempSync(join(folder, 'pod-'));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('/etc/trino-gateway/gateway.yaml', configurationFile(manifests, workload));
  for (const [path, key] of Object.entries(filesOf(workload.pod)))
    write(path, key.endsWith(' url') ? 'mysql://gateway:a-secret@mysql/gateway' : A_SECRET);
  const variables = variablesOf(workload.pod.containers[0] as Container);
  const env = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replace(/^\/(etc|run)\//, `${root}/$1/`)]),
  );
  const program = [`services/${workload.name}/src/main.ts`, '--check-config'];
  const { stdout } = await promisify(execFile)(process.execPath, program, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
    timeout: 60_000,
  });
  return stdout.trim();
}

rendered.each(NAMES)('%s', (name) => {
  test('a container is given only variables that the configuration knows', () => {
    const known = knownVariables();
    const containers = workloads(of(name)).flatMap(({ pod }) => containersOf(pod));
    const given = containers.flatMap((container) => Object.keys(variablesOf(container)));
    expect(given.filter((variable) => !known.has(variable))).toEqual([]);
  });
});

rendered.each([...BASES, ...OVERLAYS, ...LADEN.slice(0, 1)])('%s', (name) => {
  test('--check-config of each program accepts the file, the variables and the secrets that its pod has', async () => {
    const deployments = workloads(of(name)).filter(({ object }) => object.kind === 'Deployment');
    const said = await Promise.all(deployments.map((workload) => checkConfiguration(of(name), workload)));
    expect(said).toEqual(deployments.map(() => 'the configuration is valid'));
  }, 120_000);
});

rendered.each(OVERLAYS)('%s', (name) => {
  test('the three share one file, and find each other', () => {
    const deployments = workloads(of(name)).filter(({ object }) => object.kind === 'Deployment');
    expect(deployments.map((workload) => workload.name)).toEqual(SERVICES.toSorted());
    expect(new Set(deployments.map((workload) => configurationFile(of(name), workload))).size).toBe(1);
    const { spec } = find(of(name), 'Service', 'gatewayserver') as Manifest & { spec: { ports: { port: number }[] } };
    const [gatewayserver] = deployments;
    const config = configurationOf(of(name), gatewayserver as Workload, gatewayserver?.pod.containers[0] as Container);
    for (const url of [...config.monitor.gatewayserver_url, ...config.router.gatewayserver_url])
      expect(url).toBe(`http://gatewayserver:${spec.ports[0]?.port}`);
    expect(config.declared.groups.map(({ id }) => id)).toContain(config.gatewayserver.default_group);
  });

  test('the schema is changed by its owner in a Job, for which gatewayservers wait; SQLite is migrated at start', () => {
    const [gatewayserver] = workloads(of(name)).filter((workload) => workload.name === 'gatewayserver');
    const [migrate] = workloads(of(name)).filter(({ object }) => object.kind === 'Job');
    const migratesItself = name === 'small';
    const config = configurationOf(of(name), gatewayserver as Workload, gatewayserver?.pod.containers[0] as Container);
    expect(config.gatewayserver.migrate_at_start).toBe(migratesItself);
    const words = (container?: Container) => container?.command?.slice(2);
    expect(words(migrate?.pod.containers[0])).toEqual(migratesItself ? undefined : ['migrate', 'up']);
    expect(words(gatewayserver?.pod.initContainers?.[0])).toEqual(migratesItself ? undefined : ['migrate', 'wait']);
    if (migrate) {
      const [owner] = migrate.pod.containers;
      expect(new URL(configurationOf(of(name), migrate, owner as Container).gatewayserver.database_url).username).toBe(
        'gateway_owner',
      );
      // A Job cannot be changed: what changes with the configuration is no part of it.
      expect(JSON.stringify(migrate.object)).not.toContain('configMap');
    }
  });
});
