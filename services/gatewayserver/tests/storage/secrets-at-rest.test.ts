import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { sqliteFile } from '../support/databases.ts';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';

const PASSWORD = 'hunter2-of-the-probe';
const [KEY, OTHER] = ['k'.repeat(32), 'o'.repeat(32)];

/** All bytes of the files of a SQLite database. */
async function rawBytes(url: string): Promise<string> {
  const folder = dirname(fileOf(url));
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(`${folder}/${name}`, 'latin1')));
  return files.join('\n');
}

const fileOf = (url: string) => url.slice('sqlite:'.length);
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

/** Starts one on this database; what it warns of goes to `lines`. */
function start(url: string, keys: Record<string, string>, lines: string[] = []): Promise<TestGatewayserver> {
  const note = (level: string) => (message: string, fields?: object) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const logger = { ...silentLogger, info: note('info'), warn: note('warn'), error: note('error') };
  return startTestGatewayserver({ database_url: url, ...keys }, '', logger);
}

const put = (server: TestGatewayserver, password = PASSWORD) =>
  server.ok('BackendService/PutBackend', {
    backend: { id: 'b', url: 'http://b', probe: { user: 'checker', password } },
  });

/** The password as the monitor gets it. */
async function forMonitor(server: TestGatewayserver): Promise<string> {
  const { backends } = await server.ok('SuiteService/WatchBackends', {});
  return (backends as { probe: { password: string } }[])[0]?.probe.password ?? '';
}

test('the files of a database are for their owner alone, and so is a folder that is made for them', async () => {
  await using database = await sqliteFile();
  const file = fileOf(database.url);
  await using server = await start(database.url, {});
  await put(server);
  const files = await readdir(dirname(file));
  expect(files.toSorted()).toEqual(['gateway.db', 'gateway.db-shm', 'gateway.db-wal']);
  for (const name of files) expect([name, await modeOf(`${dirname(file)}/${name}`)]).toEqual([name, '600']);
  for (const folder of [dirname(file), dirname(dirname(file))]) expect(await modeOf(folder)).toBe('700');
});

test('files of an earlier version lose the access of others; an existing folder keeps its mode', async () => {
  await using database = await sqliteFile();
  const file = fileOf(database.url);
  await mkdir(dirname(file), { recursive: true });
  await chmod(dirname(file), 0o755);
  for (const end of ['', '-wal', '-shm']) {
    await writeFile(file + end, '');
    await chmod(file + end, 0o644);
  }
  const lines: string[] = [];
  await using _server = await start(database.url, {}, lines);
  for (const end of ['', '-wal', '-shm']) expect([end, await modeOf(file + end)]).toEqual([end, '600']);
  expect(await modeOf(dirname(file))).toBe('755');
  expect(lines.filter((line) => line.includes('others on this machine'))).toEqual([]);
});

test('with a key no file has a probe password in clear, reads hide it, and the monitor gets it', async () => {
  await using database = await sqliteFile();
  const lines: string[] = [];
  await using server = await start(database.url, { secrets_key: KEY }, lines);
  await put(server);
  await put(server, '********');
  expect(await rawBytes(database.url)).not.toContain(PASSWORD);
  for (const read of [
    await server.ok('BackendService/GetBackend', { id: 'b' }),
    await server.ok('BackendService/ListBackends', {}),
    await server.ok('BackendService/DisableBackend', { id: 'b' }),
    await server.ok('SuiteService/WatchSnapshot', {}),
  ])
    expect(JSON.stringify(read)).not.toMatch(/hunter2|sealed/);
  expect(await forMonitor(server)).toBe(PASSWORD);
  expect(lines.join()).not.toMatch(/hunter2|sealed:|in clear/);
});

test('without a key the password is stored in clear, with a warning at start; the first start with a key leaves no trace of it', async () => {
  await using database = await sqliteFile();
  const lines: string[] = [];
  const inClear = () => lines.filter((line) => line.includes('passwords and tokens are stored in clear'));
  {
    await using server = await start(database.url, {}, lines);
    expect(inClear()).toEqual([]);
    await put(server);
  }
  {
    await using _server = await start(database.url, {}, lines);
    expect(inClear()).toEqual([expect.stringMatching(/^warn .*gatewayserver\.secrets_key.*\{"of":\["backend b"\]\}$/)]);
    expect(await rawBytes(database.url)).toContain(PASSWORD);
  }
  await using server = await start(database.url, { secrets_key: KEY }, lines);
  expect(await rawBytes(database.url)).not.toContain(PASSWORD);
  expect(await forMonitor(server)).toBe(PASSWORD);
  expect(inClear()).toHaveLength(1);
});

test.each([
  ['a missing', {}],
  ['another', { secrets_key: OTHER }],
])('with %s key the start goes on, shows nothing, loses nothing and says which setting is wrong', async (_, keys) => {
  await using database = await sqliteFile();
  {
    await using server = await start(database.url, { secrets_key: KEY });
    await put(server);
  }
  {
    const lines: string[] = [];
    await using server = await start(database.url, keys, lines);
    expect(lines).toContainEqual(
      expect.stringMatching(/^error .*gatewayserver\.secrets_key.*\{"of":\["backend b"\]\}$/),
    );
    expect(await forMonitor(server)).toMatch(/^sealed:v1:/);
    expect(await server.ok('BackendService/GetBackend', { id: 'b' })).toMatchObject({
      probe: { password: '********' },
    });
    await put(server, '********');
    await server.ok('QueryService/RecordQueries', {
      queries: [{ id: 'q', trinoQueryId: '20261121_080808_00131_93wed', backendId: 'b' }],
    });
    expect((await server.post('QueryService/CancelQuery', { id: 'q' })).body).toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('gatewayserver.secrets_key'),
    });
  }
  await using server = await start(database.url, { secrets_key: `${OTHER},${KEY}` });
  expect(await forMonitor(server)).toBe(PASSWORD);
});

test('a password that looks encrypted, or is none, is refused without being repeated', async () => {
  await using server = await startTestGatewayserver();
  for (const password of ['sealed:v1:hunter2', 4_242_424_242, ['hunter2']]) {
    const { status, body } = await server.post('BackendService/PutBackend', {
      backend: { id: 'b', url: 'http://b', probe: { user: 'checker', password } },
    });
    expect([status, body.code]).toEqual([400, 'invalid_argument']);
    expect(JSON.stringify(body)).toContain('probe.password');
    expect(JSON.stringify(body)).not.toMatch(/hunter2|4242424242/);
  }
});
