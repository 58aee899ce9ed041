import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { assertLocked } from './locked-jars.ts';

let folder = '';
const line = (text: string, path: string) => `${createHash('sha256').update(text).digest('hex')}  ${path}\n`;
const lock = line('one', 'lib/one.jar') + line('two', 'plugin/memory/two.jar');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'locked-jars-'));
  await mkdir(join(folder, 'lib'));
  await mkdir(join(folder, 'plugin', 'memory'), { recursive: true });
  await writeFile(join(folder, 'lib', 'one.jar'), 'one');
  await writeFile(join(folder, 'plugin', 'memory', 'two.jar'), 'two');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('the files that a lock names are taken, as they are', async () => {
  await expect(assertLocked(folder, lock)).resolves.toBeUndefined();
});

test('another file, one more and one that is missing are named, all at once', async () => {
  await writeFile(join(folder, 'lib', 'one.jar'), 'another');
  await writeFile(join(folder, 'lib', 'more.jar'), '');
  await rm(join(folder, 'plugin', 'memory', 'two.jar'));
  const checked = assertLocked(folder, lock);
  await expect(checked).rejects.toThrow('plugin/memory/two.jar is missing');
  await expect(checked).rejects.toThrow('lib/more.jar is not in the lock');
  await expect(checked).rejects.toThrow(/lib\/one\.jar has the SHA-256 [0-9a-f]{64}, not /);
});
