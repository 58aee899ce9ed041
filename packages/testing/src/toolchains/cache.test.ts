import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { buildOnce, cacheFolder } from './cache.ts';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cache-test-'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

const write = (text: string) => (folder: string) => writeFile(join(folder, 'file'), text);

test('two that fetch at once download once', async () => {
  let builds = 0;
  const build = async (folder: string) => {
    builds += 1;
    await write('whole')(folder);
  };
  const target = join(root, 'server');
  expect(await Promise.all([buildOnce(target, build), buildOnce(target, build)])).toEqual([target, target]);
  expect(builds).toBe(1);
});

test('a download that breaks off is never taken for a finished one', async () => {
  const target = join(root, 'server');
  const broken = buildOnce(target, async (folder) => {
    await write('half')(folder);
    throw new Error('connection lost');
  });
  await expect(broken).rejects.toThrow('connection lost');
  expect(await readdir(root)).toEqual([]);
  await buildOnce(target, write('whole'));
  expect(await readFile(join(target, 'file'), 'utf8')).toBe('whole');
});

test('leftovers of a killed process are removed, and do not block the next one', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(join(root, 'server.lock'), String(pid));
  await mkdir(join(root, 'server.part-abc123'));
  await buildOnce(join(root, 'server'), write('whole'));
  expect(await readdir(root)).toEqual(['server']);
});

test('a live builder is waited for, and named when that takes too long', async () => {
  await writeFile(join(root, 'server.lock'), String(process.pid));
  await expect(buildOnce(join(root, 'server'), write('x'), { waitMs: 1 })).rejects.toThrow(`process ${process.pid}`);
});

test('the cache lies outside the clone, where the environment says', () => {
  expect(cacheFolder({ TRINO_GATEWAY_CACHE: '/somewhere' })).toBe('/somewhere');
  expect(cacheFolder({ XDG_CACHE_HOME: '/xdg' })).toBe('/xdg/trino-gateway');
});
