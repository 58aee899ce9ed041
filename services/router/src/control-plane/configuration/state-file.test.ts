import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Backend_Forwarding, Backend_ForwardedHeaders as Setting } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import type { RouterState } from './router-state.ts';
import { createStateFile } from './state-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'router-state-'));
});
afterEach(() => rm(folder, { recursive: true }));

const coordinator = { backendId: 'a', url: 'http://a:8080', forwardedHeaders: Setting.OMIT };
const tls = { caFile: '/ca.pem', certFile: '', keyFile: '', serverName: 'trino' };
const state: RouterState = {
  signingKey: new Uint8Array(32).fill(9),
  backends: [
    {
      ...coordinator,
      externalUrl: 'https://a.example',
      forwarding: Backend_Forwarding.DIRECT,
      limited: true,
      coordinatorId: 'aaaaa',
      tls,
    },
  ],
  sharedIncarnations: [{ suffix: 'aaaaa', ...coordinator, tls }],
  ownIncarnations: [{ suffix: 'bbbbb', ...coordinator }],
  authentication: {
    ports: [8443],
    hosts: ['secure.example'],
    clusters: [
      { url: 'http://a:8080', backendIds: ['a'], groupIds: ['bi'], openPorts: [8081], openHosts: ['open.example'] },
    ],
  },
};

function logging() {
  const lines: string[] = [];
  return { lines, logger: { ...silentLogger, warn: (line: string) => void lines.push(line) } };
}

test('a restarted router restores its state, and only its user can read the key', async () => {
  const path = join(folder, 'deep', 'state.json');
  await using file = createStateFile(path, () => state, silentLogger);
  await file.save();
  const read = createStateFile(path, () => undefined, silentLogger).read();
  expect(read && { ...read, signingKey: Uint8Array.from(read.signingKey) }).toEqual(state);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, 'deep'))).toEqual(['state.json']);
});

test('a file that others can read, or a draft left by a crash, is replaced by one that only its owner can read', async () => {
  const path = join(folder, 'state.json');
  await writeFile(path, '{}', { mode: 0o644 });
  await writeFile(`${path}.${process.pid}.new`, 'half', { mode: 0o666 });
  await using file = createStateFile(path, () => state, silentLogger);
  await file.save();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("a file that others can read is replaced even when nothing in it has changed, and a new folder is its owner's alone", async () => {
  const path = join(folder, 'deep', 'state.json');
  const before = createStateFile(path, () => state, silentLogger);
  await before.save();
  expect((await stat(join(folder, 'deep'))).mode & 0o777).toBe(0o700);
  await chmod(path, 0o644);
  await using file = createStateFile(path, () => state, silentLogger);
  expect(file.read()).toBeDefined();
  await file.save();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a file of a version without external addresses is read', async () => {
  const path = join(folder, 'state.json');
  const backends = '[{"backendId":"a","url":"http://a:8080","forwardedHeaders":3}]';
  await writeFile(path, `{"version":1,"refusalKey":"AAAA","backends":${backends},"lives":[],"ownLives":[]}`);
  expect(createStateFile(path, () => undefined, silentLogger).read()?.backends).toEqual([
    { ...coordinator, externalUrl: '', forwarding: Backend_Forwarding.PROXY, limited: false, coordinatorId: '' },
  ]);
});

test.each([
  ['empty', ''],
  ['cut off', '{"version":1,"refusalKey":"AAAA","backends":[{"backendId"'],
  ['of another version', '{"version":2}'],
  ['not an object', 'null'],
  ['nested without end', `{"version":1,"refusalKey":${'['.repeat(1_000)}${']'.repeat(1_000)}}`],
  ['without a key', '{"version":1,"refusalKey":"","backends":[],"lives":[],"ownLives":[]}'],
  [
    'with a broken address',
    '{"version":1,"refusalKey":"AAAA","backends":[{"backendId":"a","url":"x","forwardedHeaders":1}],"lives":[],"ownLives":[]}',
  ],
  [
    'with a broken external address',
    '{"version":1,"refusalKey":"AAAA","backends":[{"backendId":"a","url":"http://a","forwardedHeaders":1,"externalUrl":"x"}],"lives":[],"ownLives":[]}',
  ],
  ['with a list that is none', '{"version":1,"refusalKey":"AAAA","backends":[null],"lives":{},"ownLives":[]}'],
])('a file that is %s is reported and ignored: the router starts', async (_, text) => {
  const path = join(folder, 'state.json');
  await writeFile(path, text);
  const { lines, logger } = logging();
  expect(createStateFile(path, () => undefined, logger).read()).toBeUndefined();
  expect(lines).toHaveLength(1);
});

test('a missing file is not logged', () => {
  const { lines, logger } = logging();
  expect(createStateFile(join(folder, 'none.json'), () => undefined, logger).read()).toBeUndefined();
  expect(lines).toEqual([]);
});

test('a folder that cannot be written is logged once, and the router goes on', async () => {
  const path = join(folder, 'file');
  await writeFile(path, '');
  const { lines, logger } = logging();
  await using file = createStateFile(join(path, 'state.json'), () => state, logger);
  await file.save();
  await file.save();
  expect(lines).toHaveLength(1);
});

test('a change right before the stop is written', async () => {
  const path = join(folder, 'state.json');
  const file = createStateFile(path, () => state, silentLogger);
  file.saveSoon();
  await file[Symbol.asyncDispose]();
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ version: 1 });
});

test('saving twice at once writes the newest state last', async () => {
  const path = join(folder, 'state.json');
  let current = state;
  await using file = createStateFile(path, () => current, silentLogger);
  const first = file.save();
  current = { ...state, ownIncarnations: [] };
  const second = file.save();
  current = { ...state, sharedIncarnations: [] };
  await Promise.all([first, second, file.save()]);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ lives: [], ownLives: [{ suffix: 'bbbbb' }] });
});
