import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { until } from '@trino-gateway/testing/processes/until';
import { gatewayCall } from '@trino-gateway/testing/suite/gateway-calls';
import { stringify } from 'yaml';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SERVICES = ['gatewayserver', 'monitor', 'router'] as const;

type Line = { level: string; message: string; changed?: string[]; keys?: string[]; problems?: string[] };
type Service = { child: ChildProcess; lines: () => Line[]; exited: Promise<unknown>; ops: string };

let folder: string;
let file: string;
let configuration: Record<string, Record<string, unknown>>;
const services = new Map<(typeof SERVICES)[number], Service>();
let call: ReturnType<typeof gatewayCall>;

/** Starts a process by its package script: its signals go to pnpm. */
function start(name: string, ops: string): Service {
  const child = spawn('pnpm', ['--silent', `start:${name}`, '--config', file], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const lines = () =>
    output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  return { child, lines, exited: once(child, 'exit'), ops };
}

const write = (content: unknown) => writeFile(file, typeof content === 'string' ? content : stringify(content));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trino-gateway-reload-'));
  file = join(folder, 'gateway.yaml');
  const [api, apiOps, monitorOps, listen, routerOps] = (await freePorts(5)).map((port) => `127.0.0.1:${port}`);
  configuration = {
    gatewayserver: { listen: api, ops_listen: apiOps, database_url: `sqlite:${folder}/gateway.db` },
    monitor: { ops_listen: monitorOps, gatewayserver_url: `http://${api}` },
    router: { listen, ops_listen: routerOps, gatewayserver_url: `http://${api}`, state_file: `${folder}/state.json` },
  };
  await write({ ...configuration, ...objects({ max_running_queries: 1 }) });
  for (const [at, name] of SERVICES.entries())
    services.set(name, start(name, String([apiOps, monitorOps, routerOps][at])));
  call = gatewayCall(`http://${api}`);
  for (const { ops } of services.values())
    await until(`${ops} to be ready`, async () => (await fetch(`http://${ops}/readyz`)).ok, 120_000);
}, 240_000);

afterAll(async () => {
  for (const { child } of services.values()) child.kill('SIGTERM');
  await Promise.all([...services.values()].map(({ exited }) => exited));
  await rm(folder, { recursive: true, force: true });
}, 60_000);

function objects(blue: Record<string, unknown>) {
  return {
    backends: [{ id: 'blue', url: 'http://127.0.0.1:1', ...blue }],
    groups: [{ id: 'all', backend_ids: ['blue'] }],
  };
}

/** Sends SIGHUP to all three, `times` times, and answers what each has logged then. */
async function hangUp(message: string, times = 1): Promise<Map<string, Line[]>> {
  const before = new Map([...services].map(([name, { lines }]) => [name, lines().length]));
  const since = (name: string, { lines }: Service) => lines().slice(before.get(name as never));
  for (let at = 0; at < times; at++) for (const { child } of services.values()) child.kill('SIGHUP');
  for (const [name, service] of services)
    await until(
      `${name} to say: ${message}`,
      async () => since(name, service).some((line) => line.message === message),
      60_000,
    );
  return new Map([...services].map(([name, service]) => [name, since(name, service)]));
}

const READ = 'the configuration was read anew';
const KEPT = 'the configuration was not read anew: the one before stays in force';

test('SIGHUP to pnpm makes each process read its configuration anew: objects, limits and log level', async () => {
  const { gatewayserver, monitor, router } = configuration;
  await write({
    gatewayserver: { ...gatewayserver, default_group: 'all', queue_max_queued: 7 },
    monitor: { ...monitor, interval: '3s', log_level: 'debug' },
    router: { ...router, max_requests: 5, listen: '127.0.0.1:1' },
    ...objects({ max_running_queries: 9 }),
    policies: [{ id: 'new', host: 'h', group_id: 'all' }],
  });
  const logged = await hangUp(READ);
  const line = (name: string) => logged.get(name)?.find(({ message }) => message === READ);
  expect(line('gatewayserver')?.changed?.sort()).toEqual([
    'gatewayserver.default_group',
    'gatewayserver.queue_max_queued',
  ]);
  expect(line('monitor')?.changed?.sort()).toEqual(['monitor.interval', 'monitor.log_level']);
  expect(line('router')).toMatchObject({ changed: ['router.max_requests'] });
  expect(logged.get('router')).toContainEqual(expect.objectContaining({ level: 'warn', keys: ['router.listen'] }));
  expect(await call('BackendService/GetBackend', { id: 'blue' })).toMatchObject({
    maxRunningQueries: 9,
    managedBy: 'file',
  });
  expect(await call('PolicyService/GetPolicy', { id: 'new' })).toMatchObject({ managedBy: 'file' });
  expect(await call('RoutingService/Decide', {})).toMatchObject({
    refusal: expect.stringContaining('group all has no available backend'),
  });
  expect(await (await fetch(`http://${services.get('monitor')?.ops}/log-level`)).text()).toBe('debug\n');
}, 120_000);

test('two signals at once, and one after the other, read it and end nothing', async () => {
  const logged = await hangUp(READ, 3);
  for (const lines of logged.values()) expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  for (const { ops } of services.values()) expect((await fetch(`http://${ops}/livez`)).status).toBe(200);
}, 120_000);

test('an object that the file no longer declares stays, and the API may change it', async () => {
  await write({ ...configuration, ...objects({}) });
  await hangUp(READ);
  expect(await call('PolicyService/GetPolicy', { id: 'new' })).not.toHaveProperty('managedBy');
  await call('PolicyService/DeletePolicy', { id: 'new' });
}, 120_000);

test('a broken, unreadable or missing file changes nothing, and one line of the log has every problem', async () => {
  const stored = async () => {
    const { backends } = await call<{ backends: { condition?: unknown }[] }>('BackendService/ListBackends');
    return backends.map(({ condition: _, ...backend }) => backend);
  };
  const kept = await stored();
  const broken: [string, () => Promise<unknown>, RegExp[]][] = [
    ['broken', () => write('router: {\n'), [/gateway\.yaml: not YAML: .* line 2/]],
    [
      'wrong in three places',
      () => write({ ...configuration, router: { speed: 9 }, monitor: { interval: 1 }, ...objects({ weight: -1 }) }),
      [
        /^monitor\.interval: .*line \d+/,
        /^router\.speed: unknown key.*line \d+/,
        /^backends\[0\]\.weight: .*backend "blue", line \d+/,
      ],
    ],
    ['missing', () => rm(file), [/cannot be read \(ENOENT\)/]],
  ];
  if (process.getuid?.() !== 0)
    broken.push([
      'unreadable',
      async () => {
        await write(configuration);
        await chmod(file, 0);
      },
      [/cannot be read \(EACCES\)/],
    ]);
  for (const [, make, problems] of broken) {
    await make();
    const logged = await hangUp(KEPT);
    for (const lines of logged.values())
      expect(lines).toContainEqual(
        expect.objectContaining({ level: 'error', problems: problems.map((one) => expect.stringMatching(one)) }),
      );
  }
  expect(await stored()).toEqual(kept);
  await write({ ...configuration, ...objects({}) });
  await hangUp(READ);
  expect(await readFile(file, 'utf8')).toContain('blue');
  for (const { child } of services.values()) expect(child.exitCode).toBeNull();
}, 240_000);
