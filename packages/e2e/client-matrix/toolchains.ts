import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildOnce, cacheFolder } from '@trino-gateway/testing/toolchains/cache';
import { MissingTool } from '@trino-gateway/testing/toolchains/missing-tool';
import { runCommand } from '@trino-gateway/testing/toolchains/run-command';
import { findInPath } from '@trino-gateway/testing/trino/jdk';

/** The programs of the clients, one folder each. */
export const clientsFolder = join(import.meta.dirname, 'programs');

const PREPARE_MS = 1_200_000;

/** A Python with the pinned packages of the clients. Throws MissingTool without Python 3.10 or its venv. */
export async function pythonWithPackages(say: (line: string) => void): Promise<string> {
  return pythonEnvironment('python', join(clientsFolder, 'python', 'requirements.txt'), () =>
    say('installing the Python clients (once)'),
  );
}

/**
 * A Python with the packages that a requirements file pins, in a virtual environment in the cache. Throws MissingTool
 * without Python 3.10 or its venv.
 * @param onInstall called before they are installed, which takes a while
 */
export async function pythonEnvironment(name: string, requirements: string, onInstall: () => void): Promise<string> {
  await need(
    'python3',
    ['-c', 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 10))'],
    'Python 3.10 or newer with venv',
  );
  const folder = await prepared(name, [requirements], async (part) => {
    onInstall();
    await runCommand('python3', ['-m', 'venv', part], { timeoutMs: PREPARE_MS });
    await runCommand(join(part, 'bin', 'python'), ['-m', 'pip', 'install', '-q', '-r', requirements], {
      timeoutMs: PREPARE_MS,
    });
  });
  return join(folder, 'bin', 'python');
}

/** The JavaScript program beside its installed packages, in the cache: it is resolved from there. */
export async function javascriptProgram(say: (line: string) => void): Promise<string> {
  await need('npm', ['--version'], 'npm');
  const source = join(clientsFolder, 'js');
  const names = ['battery.js', 'package.json', 'package-lock.json'];
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
  return join(folder, 'battery.js');
}

/** The built Go program. Throws MissingTool without a Go that is new enough for its go.mod. */
export async function goProgram(say: (line: string) => void): Promise<string> {
  const source = join(clientsFolder, 'go');
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' };
  const wanted = /^go (\d+)\.(\d+)/m.exec(await readFile(join(source, 'go.mod'), 'utf8'));
  const found = /^go(\d+)\.(\d+)/.exec(await need('go', ['env', 'GOVERSION'], 'Go'));
  if (wanted === null || found === null || Number(found[2]) < Number(wanted[2])) {
    throw new MissingTool(`needs Go ${wanted?.[1]}.${wanted?.[2]} or newer, found ${found?.[0] ?? 'another'}`);
  }
  const files = (await readdir(source)).map((name) => join(source, name));
  const folder = await prepared('go', files, async (part) => {
    say('building the Go client (once)');
    await runCommand('go', ['build', '-o', join(part, 'battery'), '.'], { cwd: source, env, timeoutMs: PREPARE_MS });
  });
  return join(folder, 'battery');
}

async function need(command: string, args: readonly string[], what: string): Promise<string> {
  if ((await findInPath(command)) === undefined) throw new MissingTool(`needs ${what}`);
  const { stdout } = await promisify(execFile)(command, args, { timeout: PREPARE_MS }).catch((error) => {
    // Too slow is not the same as missing: a skip would hide it.
    if (error.killed) throw new Error(`${command} ${args.join(' ')} took too long`, { cause: error });
    throw new MissingTool(`needs ${what}`, { cause: error });
  });
  return stdout;
}

/** A folder in the cache that belongs to exactly this content of these files. */
async function prepared(
  name: string,
  files: readonly string[],
  build: (part: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(await readFile(file));
  return buildOnce(join(cacheFolder(), 'clients', `${name}-${hash.digest('hex').slice(0, 12)}`), build);
}
