import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { need, PREPARE_MS } from '@trino-gateway/testing/toolchains/need';
import { prepared } from '@trino-gateway/testing/toolchains/prepared';
import { pythonEnvironment } from '@trino-gateway/testing/toolchains/python-environment';
import { runCommand } from '@trino-gateway/testing/toolchains/run-command';

/** The programs of the clients, one folder each. */
export const clientsFolder = join(import.meta.dirname, 'programs');

/** A Python with the pinned packages of the clients. Throws MissingToolError without Python 3.10 or its venv. */
export async function pythonWithPackages(say: (line: string) => void): Promise<string> {
  return pythonEnvironment('python', join(clientsFolder, 'python', 'requirements.txt'), () =>
    say('installing the Python clients (once)'),
  );
}

/** A JavaScript program beside its installed packages, in the cache: they are resolved from there. */
export async function javascriptProgram(say: (line: string) => void, program = 'cases.js'): Promise<string> {
  await need('npm', ['--version'], 'npm');
  const source = join(clientsFolder, 'js');
  const names = ['cases.js', 'series.js', 'package.json', 'package-lock.json'];
  const folder = await prepared(
    'js',
    names.map((name) => join(source, name)),
    async (part) => {
      say('installing the JavaScript client (once)');
      for (const name of names) await copyFile(join(source, name), join(part, name));
      await runCommand('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
        cwd: part,
        timeoutMs: PREPARE_MS,
      });
    },
  );
  return join(folder, program);
}

/** The built Go program. Throws MissingToolError without a Go that is new enough for its go.mod. */
export async function goProgram(say: (line: string) => void): Promise<string> {
  const source = join(clientsFolder, 'go');
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' };
  const wanted = /^go (\d+)\.(\d+)/m.exec(await readFile(join(source, 'go.mod'), 'utf8'));
  const found = /^go(\d+)\.(\d+)/.exec(await need('go', ['env', 'GOVERSION'], 'Go'));
  if (wanted === null || found === null || Number(found[2]) < Number(wanted[2])) {
    throw new MissingToolError(`needs Go ${wanted?.[1]}.${wanted?.[2]} or newer, found ${found?.[0] ?? 'another'}`);
  }
  const files = (await readdir(source)).map((name) => join(source, name));
  const folder = await prepared('go', files, async (part) => {
    say('building the Go client (once)');
    await runCommand('go', ['build', '-o', join(part, 'client'), '.'], { cwd: source, env, timeoutMs: PREPARE_MS });
  });
  return join(folder, 'client');
}
