import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { unpackedPackage } from '../toolchains/debian-packages.ts';
import { runCommand } from '../toolchains/run-command.ts';
import { type DatabaseServer, databaseServer } from './database-server.ts';
import { type DatabaseTls, writeTls } from './tls-files.ts';

const INITIALISE_MS = 600_000;

// The user may create databases and users, as the contract suite does.
const FIRST_STATEMENTS = `CREATE DATABASE IF NOT EXISTS gateway;
CREATE USER IF NOT EXISTS 'gateway'@'%' IDENTIFIED BY 'gateway';
GRANT ALL PRIVILEGES ON *.* TO 'gateway'@'%' WITH GRANT OPTION;
`;

/** A MySQL or MariaDB with its data in `folder`, not started yet. @throws MissingToolError */
export async function prepareMysql(
  engine: 'mysql' | 'mariadb',
  folder: string,
  port: number,
  tls?: DatabaseTls,
): Promise<DatabaseServer> {
  const root = await unpackedPackage(`${engine}-server-core`);
  const share = join(root, 'usr', 'share', engine);
  const data = join(folder, 'data');
  const firstStatements = join(folder, 'first.sql');
  // Its own: a server that starts deletes the temporary files of all others.
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  const { command, args } = await withOwnLoader(root, engine === 'mysql' ? 'mysqld' : 'mariadbd');
  const common = [
    ...args,
    '--no-defaults',
    `--user=${userInfo().username}`,
    `--basedir=${join(root, 'usr')}`,
    `--datadir=${data}`,
    `--tmpdir=${temporary}`,
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, 'charsets')}`,
    `--plugin-dir=${join(root, 'usr', 'lib', 'mysql', 'plugin')}`,
  ];
  const files = tls && (await writeTls(folder, tls));
  await writeFile(firstStatements, FIRST_STATEMENTS);
  if (engine === 'mysql')
    await runCommand(command, [...common, '--secure-file-priv=', '--initialize-insecure'], {
      timeoutMs: INITIALISE_MS,
    });
  else await bootstrapMariadb(share, data, command, common, folder);
  return databaseServer({
    command,
    args: [
      ...common,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--init-file=${firstStatements}`,
      '--skip-log-bin',
      '--innodb-flush-log-at-trx-commit=2',
      '--innodb-buffer-pool-size=64M',
      ...(files ? [`--ssl-ca=${files.ca}`, `--ssl-cert=${files.cert}`, `--ssl-key=${files.key}`] : []),
      ...(engine === 'mysql' ? ['--secure-file-priv=', '--mysqlx=OFF', '--performance-schema=OFF'] : []),
    ],
    logPath: join(folder, 'log'),
    isReady: (log) => /ready for connections.*port: \d+/s.test(log),
    stopSignal: 'SIGTERM',
  });
}

/** A program of the unpacked packages, run by the loader and the libraries that came with it. */
async function withOwnLoader(root: string, daemon: string): Promise<{ command: string; args: string[] }> {
  const lib = join(root, 'usr', 'lib');
  const triplet = (await readdir(lib)).find((name) => name.endsWith('-linux-gnu'));
  if (triplet === undefined) throw new Error(`no libraries in ${lib}`);
  const libraries = join(lib, triplet);
  const loader = (await readdir(libraries)).find((name) => name.startsWith('ld-linux-'));
  if (loader === undefined) throw new Error(`no loader in ${libraries}`);
  return {
    command: join(libraries, loader),
    args: ['--library-path', libraries, join(root, 'usr', 'sbin', daemon)],
  };
}

/** MariaDB makes its system tables from scripts it is fed; it reads them from a file as an init file would be. */
async function bootstrapMariadb(
  share: string,
  data: string,
  command: string,
  common: string[],
  folder: string,
): Promise<void> {
  await mkdir(data, { recursive: true });
  const scripts = ['mariadb_system_tables.sql', 'mariadb_performance_tables.sql', 'mariadb_system_tables_data.sql'];
  const texts = await Promise.all(scripts.map((name) => readFile(join(share, name), 'utf8')));
  const input = join(folder, 'bootstrap.sql');
  await writeFile(input, ['CREATE DATABASE IF NOT EXISTS mysql;', 'USE mysql;', ...texts].join('\n'));
  await runCommand('/bin/sh', ['-c', 'exec "$@" < "$0"', input, command, ...common, '--bootstrap'], {
    timeoutMs: INITIALISE_MS,
  });
}
