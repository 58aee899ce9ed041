import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readTokenFile } from './token-file.ts';

const key = 'monitor.token_folder';
const outside = 'token-of-another';

let base: string;
let folder: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'token-file-'));
  folder = join(base, 'tokens');
  await mkdir(folder);
  await writeFile(join(base, 'secret'), outside);
});
afterEach(() => rm(base, { recursive: true }));

const read = (name: string, path: string | undefined = folder) => readTokenFile(join(folder, name), { path, key });
const problemOf = (reading: Promise<string>) =>
  reading.then(
    () => 'no problem',
    (error: Error) => error.message,
  );

test.each([
  ['with an end of its line', 'a.b-c_d~e+f/g==\n', 'a.b-c_d~e+f/g=='],
  ['without one', 'abc', 'abc'],
  ['with the line ends of Windows', 'abc\r\nmore\r\n', 'abc'],
  ['with more lines', 'abc\n\u0000\u00ff rest', 'abc'],
  ['of the greatest length', 'x'.repeat(16_384), 'x'.repeat(16_384)],
  ['of the greatest size', `abc\n${'#'.repeat(65_532)}`, 'abc'],
])('a file %s has the token on its first line', async (_, text, token) => {
  await writeFile(join(folder, 'token'), text);
  expect(await read('token')).toBe(token);
});

test.each([
  ['that is empty', '', /has no token on its first line$/],
  ['whose first line is empty', '\nsecret', /has no token on its first line$/],
  ['with a blank', 'secret secret', /has no token on its first line: expected up to 16384 letters, /],
  ['with the word Bearer', 'Bearer secret', /has no token on its first line: expected /],
  ['with a carriage return in the line', 'secret\rX-Evil: 1\n', /has no token on its first line: expected /],
  ['with a control character', 'secret\u0000', /has no token on its first line: expected /],
  ['beyond ASCII', 'secretü', /has no token on its first line: expected /],
  ['with a mark of the byte order', '\ufeffsecret', /has no token on its first line: expected /],
  ['with a longer token', 'secret'.repeat(10_000), /has no token on its first line: expected /],
  ['of a greater size', `secret\n${'#'.repeat(65_530)}`, /is larger than 65536 bytes$/],
])('a file %s is a problem that names field and path, and never says what is in it', async (_, text, expected) => {
  await writeFile(join(folder, 'token'), text);
  const problem = await problemOf(read('token'));
  expect(problem).toMatch(expected);
  expect(problem.startsWith(`probe.token_file: ${folder}/token `)).toBe(true);
  expect(problem).not.toContain('secret');
});

test('a file that is missing, or of a gigabyte, is a problem at once', async () => {
  expect(await problemOf(read('token'))).toBe(`probe.token_file: ${folder}/token cannot be read (ENOENT)`);
  await writeFile(join(folder, 'large'), '');
  await truncate(join(folder, 'large'), 1_073_741_824);
  expect(await problemOf(read('large'))).toMatch(/is larger than 65536 bytes$/);
});

test('a folder, a pipe and a link that leads to itself are not read', async () => {
  await mkdir(join(folder, 'sub'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await symlink('loop', join(folder, 'loop'));
  // Reading a pipe that nobody writes to would never end.
  for (const name of ['sub', 'pipe']) expect(await problemOf(read(name))).toMatch(/is no regular file$/);
  expect(await problemOf(read('loop'))).toMatch(/cannot be read \(ELOOP\)$/);
});

test('a path that is not below the folder is refused, whether there is a file or not', async () => {
  await mkdir(join(base, 'tokens-of-others'));
  await writeFile(join(base, 'tokens-of-others', 'token'), outside);
  const paths = [
    '../secret',
    '../nothing',
    '../tokens-of-others/token',
    'sub/../../secret',
    '.',
    '..',
    '/etc/hostname',
  ];
  for (const path of paths) {
    const named = path.startsWith('/') ? path : `${folder}/${path}`;
    const problem = await problemOf(readTokenFile(named, { path: folder, key }));
    expect(problem).toBe(`probe.token_file: ${named} is not below ${key}`);
  }
});

test('a link inside the folder that leads out of it is refused, of a file and of a folder', async () => {
  await symlink(join(base, 'secret'), join(folder, 'absolute'));
  await symlink('../secret', join(folder, 'relative'));
  await symlink('..', join(folder, 'up'));
  await symlink(folder, join(base, 'back'));
  for (const name of ['absolute', 'relative', 'up/secret', 'up'])
    expect(await problemOf(read(name))).toBe(`probe.token_file: ${folder}/${name} is a link that leads out of ${key}`);
  // The folder itself may be named by a link, and a link may lead back into it.
  await writeFile(join(folder, 'token'), 'abc');
  expect(await readTokenFile(join(base, 'back', 'token'), { path: join(base, 'back'), key })).toBe('abc');
  expect(await read('up/tokens/token')).toBe('abc');
});

/** As Kubernetes does: the files stand in a folder of their own, which a link leads to that is replaced at once. */
function project(version: number, token: string): void {
  const name = `..version_${version}`;
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'token'), token);
  symlinkSync(name, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  rmSync(join(folder, `..version_${version - 1}`), { recursive: true, force: true });
}

test('a volume of Kubernetes is read through its links, and anew when they were moved', async () => {
  project(1, 'first');
  await symlink('..data/token', join(folder, 'token'));
  expect(await read('token')).toBe('first');
  project(2, 'second');
  expect(await read('token')).toBe('second');
});

test('a volume whose links are moved while it is read gives the old token or the new one', async () => {
  project(0, 'token-0');
  await symlink('..data/token', join(folder, 'token'));
  for (let at = 1; at < 200; at++) {
    const reading = read('token');
    // So that they meet between each two steps of it.
    for (let step = at % 40; step > 0; step--) await new Promise(setImmediate);
    project(at, `token-${at}`);
    expect([`token-${at - 1}`, `token-${at}`]).toContain(await reading);
  }
});

test('without a folder, or with one that is not there, nothing is read', async () => {
  await writeFile(join(folder, 'token'), 'abc');
  const of = (path: string | undefined) => problemOf(readTokenFile(join(folder, 'token'), { path, key }));
  expect(await of(undefined)).toBe(
    `probe.token_file: ${folder}/token is not read: set monitor.token_folder to the folder of the token files`,
  );
  await rm(folder, { recursive: true });
  expect(await of(folder)).toBe(
    `probe.token_file: ${folder}/token cannot be read: neither can monitor.token_folder (ENOENT)`,
  );
});
