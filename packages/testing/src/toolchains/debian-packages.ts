import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { buildOnce, cacheFolder } from './cache.ts';
import { MissingToolError } from './missing-tool.ts';
import { runCommand } from './run-command.ts';

/** The suite that has MySQL at all, and the newest MariaDB. */
const NEWEST = 'sid';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const FETCH_MS = 600_000;
const UNPACK_MS = 300_000;
// A machine that is busy with everything else takes its time even for a question about its own settings.
const QUESTION_MS = 120_000;

/** Of which release a package is: the newest comes with its C library, this system's own uses the one that is there. */
export type Release = 'newest' | 'own';

/**
 * The folder into which a Debian package and all it depends on are unpacked, so that its programs run here. Fetched once,
 * by apt with a state of its own: without root, nothing is installed. @throws MissingToolError
 */
export async function unpackedPackage(name: string, release: Release = 'newest'): Promise<string> {
  const target = join(cacheFolder(), 'databases', `${name}-${arch()}`);
  return buildOnce(target, async (folder) => {
    const work = `${folder}.apt`;
    try {
      const archives = await download(name, release, work);
      for (const archive of archives) await runCommand('dpkg-deb', ['-x', archive, folder], { timeoutMs: UNPACK_MS });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

async function download(name: string, release: Release, work: string): Promise<string[]> {
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!/^ID=debian$/m.test(system))
    throw new MissingToolError(`${name} comes from Debian's packages by Debian's apt, and this is another system`);
  try {
    const own = /^VERSION_CODENAME=(\w+)$/m.exec(system)?.[1] ?? NEWEST;
    // Only helper scripts of the servers want perl, which would bring more than the server itself.
    const apt = await (release === 'newest' ? ownApt(work, NEWEST, ['perl']) : ownApt(work, own, ['perl', 'libc6']));
    await runCommand('apt-get', [...apt, 'update'], { timeoutMs: FETCH_MS });
    await runCommand('apt-get', [...apt, '--download-only', 'install', name], { timeoutMs: FETCH_MS });
    const archives = join(work, 'cache', 'archives');
    return (await readdir(archives)).filter((file) => file.endsWith('.deb')).map((file) => join(archives, file));
  } catch (error) {
    throw new MissingToolError(`apt could not fetch ${name}: ${briefly(error)}`, { cause: error });
  }
}

/** Options that give apt folders of its own, one suite only, and a system on which next to nothing is installed. */
async function ownApt(work: string, suite: string, present: readonly string[]): Promise<string[]> {
  await mkdir(join(work, 'state', 'lists', 'partial'), { recursive: true });
  await mkdir(join(work, 'cache', 'archives', 'partial'), { recursive: true });
  const sources = join(work, 'sources.list');
  const status = join(work, 'status');
  await writeFile(sources, `deb [signed-by=${KEYRING}] ${await mirror()} ${suite} main\n`);
  await writeFile(status, await asIfInstalled(present));
  const settings = {
    'Dir::State': join(work, 'state'),
    'Dir::State::status': status,
    'Dir::Cache': join(work, 'cache'),
    'Dir::Cache::archives': 'archives',
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'APT::Install-Recommends': 'false',
    'APT::Keep-Downloaded-Packages': 'true',
    'APT::Sandbox::User': '',
    'Debug::NoLocking': 'true',
  };
  return ['-qq', '--yes', ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
}

/** The state of a system on which only these packages are installed, in versions that are new enough for all others. */
async function asIfInstalled(names: readonly string[]): Promise<string> {
  const architecture = await firstLine('dpkg', ['--print-architecture']);
  return names
    .flatMap((name) => [
      `Package: ${name}`,
      'Status: install ok installed',
      `Architecture: ${architecture}`,
      'Multi-Arch: allowed',
      'Version: 99',
      'Maintainer: nobody',
      'Description: taken as present',
      '',
      '',
    ])
    .join('\n');
}

/** Where this machine is configured to get Debian's packages from. */
async function mirror(): Promise<string> {
  const lines: string[] = [];
  await runCommand('apt-get', ['indextargets', '--format', '$(RELEASE) $(REPO_URI)', 'Created-By: Packages'], {
    timeoutMs: QUESTION_MS,
    onLine: (line) => lines.push(line),
  });
  const [, uri] = lines.map((line) => line.split(' ')).find(([release]) => !release?.includes('security')) ?? [];
  if (uri === undefined) throw new Error('the sources of apt name no Debian mirror');
  return uri;
}

async function firstLine(command: string, args: string[]): Promise<string> {
  const lines: string[] = [];
  await runCommand(command, args, { timeoutMs: QUESTION_MS, onLine: (line) => lines.push(line) });
  return lines[0] ?? '';
}

/** The last line of a failed command says most; addresses in it are nobody's business. */
function briefly(error: unknown): string {
  const lines = error instanceof Error ? error.message.split('\n') : [String(error)];
  return (lines.findLast((line) => line.trim() !== '') ?? '').replaceAll(/\w+:\/\/\S+/g, '(address)');
}
