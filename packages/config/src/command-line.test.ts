import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { configFromCommandLine, type SuiteConfig } from './index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trino-gateway-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

class Exit extends Error {}

/** Reads the configuration as a starting process does; instead of ending this process it tells how it would have ended. */
function start(argv: string[], env: Record<string, string> = {}, starts?: 'gatewayserver' | 'monitor' | 'router') {
  const written = { out: '', err: '' };
  const keep = (stream: 'out' | 'err') => (text: unknown) => {
    written[stream] += String(text);
    return true;
  };
  let code: unknown;
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(keep('out')),
    jest.spyOn(process.stderr, 'write').mockImplementation(keep('err')),
    jest.spyOn(process, 'exit').mockImplementation((given) => {
      code = given;
      throw new Exit();
    }),
  ];
  try {
    return { ...configFromCommandLine(argv, env, starts), ...written };
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    return { code, ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

test('--config names the file, and beats TRINO_GATEWAY_CONFIG', async () => {
  const one = await file('one.yaml', 'gatewayserver: { listen: "0.0.0.0:1111" }');
  const two = await file('two.yaml', 'gatewayserver: { listen: "0.0.0.0:2222" }');
  const read = (port: number) => ({ config: { gatewayserver: { listen: { host: '0.0.0.0', port } } } });
  expect(start(['--config', one, 'migrate', 'up'], { TRINO_GATEWAY_CONFIG: two })).toMatchObject({
    ...read(1111),
    rest: ['migrate', 'up'],
  });
  expect(start([`--config=${one}`])).toMatchObject({ ...read(1111), rest: [] });
  expect(start([], { TRINO_GATEWAY_CONFIG: two })).toMatchObject(read(2222));
});

test('a secret is read from the file it stands in', async () => {
  const path = await file('token', 'hunter2\n');
  expect(start([], { TRINO_GATEWAY_GATEWAYSERVER_ADMIN_TOKEN_FILE: path })).toMatchObject({
    config: { gatewayserver: { admin_token: 'hunter2' } },
  });
});

test('--check-config only checks: 0 and one line when all is well, 2 and every problem when not', async () => {
  const good = await file('good.yaml', 'monitor: { interval: 1s }');
  const bad = await file('bad.yaml', 'monitor: { interval: 1 }\nrouter: { speed: 9 }');
  expect(start(['--check-config', '--config', good])).toEqual({
    code: 0,
    out: 'the configuration is valid\n',
    err: '',
  });
  const broken = start(['--config', bad, '--check-config']);
  expect(broken).toMatchObject({ code: 2, out: '' });
  expect(broken.err.split('\n')).toEqual([
    'the configuration has 2 problems:',
    expect.stringMatching(/^ {2}monitor\.interval: expected a duration/),
    expect.stringMatching(/^ {2}router\.speed: unknown key/),
    '',
  ]);
});

test('--check-config also refuses what each process alone could live with; a start only warns', async () => {
  const path = await file(
    'doubtful.yaml',
    'gatewayserver: { default_group: ghost }\nbackends: [{ id: a, url: "http://a" }]\ngroups: [{ id: g, backend_ids: [a] }]\n',
  );
  const problem = 'gatewayserver.default_group: expected a group declared in this file, got "ghost" (line 1)';
  expect(start(['--config', path, '--check-config'])).toEqual({
    code: 2,
    out: '',
    err: `the configuration has 1 problem:\n  ${problem}\n`,
  });
  expect(start(['--config', path])).toMatchObject({ config: { doubts: [problem] }, err: '' });
});

test.each(['gatewayserver', 'monitor', 'router'] as const)(
  '--help and --version of the %s print and start nothing',
  (service) => {
    expect(start(['--version', '--config', '/ghost.yaml'], {}, service)).toEqual({
      code: 0,
      out: expect.stringMatching(new RegExp(`^trino-gateway ${service} \\d+\\.\\d+\\.\\d+\\n$`)),
      err: '',
    });
    for (const option of ['--help', '-h']) {
      const { out, ...ended } = start([option], {}, service);
      expect(ended).toEqual({ code: 0, err: '' });
      for (const named of [`The ${service} `, '--config FILE', '--check-config', '--version', 'SIGHUP'])
        expect(out).toContain(named);
      expect(out.includes('migrate up')).toBe(service === 'gatewayserver');
    }
  },
);

test('a file is read once more: its changes, and every problem of a file that has broken meanwhile', async () => {
  const path = await file('changing.yaml', 'monitor: { interval: 1s }');
  const { reread } = start(['--config', path]) as { reread: () => SuiteConfig };
  expect(reread().monitor.interval).toBe(1_000);
  await file('changing.yaml', 'monitor: { interval: 2s }');
  expect(reread().monitor.interval).toBe(2_000);
  await file('changing.yaml', 'monitor: { interval: 2 }\nrouter: { speed: 9 }');
  expect(reread).toThrow(/2 problems:\n.*interval.*\n.*speed/);
  await rm(path);
  expect(reread).toThrow(`${path}: cannot be read (ENOENT)`);
  await mkdir(path);
  expect(reread).toThrow(`${path}: cannot be read once more, as it is no regular file`);
});

test('a gatewayserver that would be open to others is refused at start and by --check-config', async () => {
  const path = await file('open.yaml', 'gatewayserver: { listen: "0.0.0.0:8000" }');
  for (const argv of [[], ['--check-config']]) {
    const refused = start(['--config', path, ...argv], {}, 'gatewayserver');
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain('gatewayserver.listen: expected gatewayserver.admin_token beside it, or');
  }
  expect(start(['--config', path], {}, 'router')).toMatchObject({ err: '' });
  // A migration serves nothing.
  expect(start(['--config', path, 'migrate', 'up'], {}, 'gatewayserver')).toMatchObject({ err: '' });
});

test.each([
  ['a file that is not there', ['--config', '/ghost.yaml'], '/ghost.yaml: cannot be read (ENOENT)'],
  ['an option without its value', ['--config'], '--config: expected the name of a file'],
  [
    'an option that does not exist',
    ['--verbose'],
    '--verbose: unknown option; known are --config FILE, --check-config, --help and --version',
  ],
])('%s stops the start with 2 like any other mistake', (_what, argv, message) => {
  expect(start(argv)).toEqual({ code: 2, out: '', err: `the configuration has 1 problem:\n  ${message}\n` });
});

test('a process with a bad configuration really ends with 2', () => {
  const main = new URL('index.ts', import.meta.url).href;
  const program = `import { configFromCommandLine } from ${JSON.stringify(main)}; configFromCommandLine([], process.env);`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    env: { PATH: process.env.PATH, TRINO_GATEWAY_ROUTER_LISTEN: 'nowhere' },
    encoding: 'utf8',
    timeout: 100_000,
  });
  expect(stderr).toContain('TRINO_GATEWAY_ROUTER_LISTEN: expected a comma list of addresses');
  expect(status).toBe(2);
}, 120_000);
