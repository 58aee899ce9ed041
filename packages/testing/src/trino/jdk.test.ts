import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MissingToolError } from '../toolchains/missing-tool.ts';
import { findJdk } from './jdk.ts';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'jdk-test-'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

async function install(name: string, version: string): Promise<string> {
  const home = join(root, name);
  await mkdir(join(home, 'bin'), { recursive: true });
  await writeFile(join(home, 'release'), `IMPLEMENTOR="X"\nJAVA_VERSION="${version}"\n`);
  for (const tool of ['java', 'jar']) await writeFile(join(home, 'bin', tool), '');
  return home;
}

test('a too old Java in PATH does not hide a newer one that is installed', async () => {
  const old = await install('old', '17.0.15');
  await install('jvm/24', '24.0.1');
  const newest = await install('jvm/25', '25.0.3');
  expect(await findJdk(24, { PATH: join(old, 'bin') }, [join(root, 'jvm')])).toEqual({
    home: newest,
    version: '25.0.3',
  });
});

test('JAVA_HOME is what the user wants, even when another is newer', async () => {
  const wanted = await install('wanted', '24.0.1');
  await install('jvm/25', '25.0.3');
  expect((await findJdk(24, { JAVA_HOME: wanted, PATH: '' }, [join(root, 'jvm')])).home).toBe(wanted);
});

test('the newest Trino needs a newer Java than the one of JAVA_HOME may be', async () => {
  const home = await install('wanted', '24.0.1');
  const newest = await install('jvm/25', '25.0.3');
  expect((await findJdk(25, { JAVA_HOME: home, PATH: '' }, [join(root, 'jvm')])).home).toBe(newest);
});

test('without a new Java the error names what was found and the way without', async () => {
  const old = await install('jvm/17', '17.0.15');
  const asked = findJdk(24, { PATH: '' }, [join(root, 'jvm')]);
  await expect(asked).rejects.toThrow(MissingToolError);
  await expect(asked).rejects.toThrow(`17.0.15 in ${old}`);
  await expect(asked).rejects.toThrow('BACKENDS=');
});
