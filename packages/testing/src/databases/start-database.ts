import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../processes/free-ports.ts';
import type { DatabaseServer } from './database-server.ts';
import { prepareMysql } from './mysql-server.ts';
import { preparePostgres } from './postgres-server.ts';
import type { DatabaseTls } from './tls-files.ts';

/** The servers that can be started here. */
export const ENGINES = ['mysql', 'mariadb', 'postgres'] as const;
export type ServerEngine = (typeof ENGINES)[number];

/** A database server on loopback, with an empty database `gateway` and a user who may create others. */
export type RunningDatabase = AsyncDisposable & {
  /** As `gatewayserver.database_url` takes it. */
  readonly url: string;
  /** Ends it the way an operator does; the data stays for a restart. */
  stop(): Promise<void>;
  /** Ends it the way a power cut does; the data stays for a restart. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; stops it first when it runs. */
  restart(): Promise<void>;
};

type DatabaseOptions = {
  port?: number;
  /** Offered, not demanded. On PostgreSQL the user `certified` must show a certificate. */
  tls?: DatabaseTls;
};

/**
 * Fetches the server if that was never done, and starts one with empty data, which goes when it is disposed of.
 * @throws MissingToolError when the server could not be brought here, another Error when it does not start
 */
export async function startDatabase(engine: ServerEngine, options: DatabaseOptions = {}): Promise<RunningDatabase> {
  const [port = 0] = options.port === undefined ? await freePorts(1) : [options.port];
  // A short path of its own: the name of a socket has at most 107 characters.
  const folder = await mkdtemp(join(tmpdir(), 'tg-db-'));
  await chmod(folder, 0o755);
  const forget = () => rm(folder, { recursive: true, force: true });
  let server: DatabaseServer;
  try {
    server = await prepare(engine, folder, port, options.tls);
    await server.start();
  } catch (error) {
    await forget();
    throw error;
  }
  return {
    url: `${engine}://gateway:gateway@127.0.0.1:${port}/${engine === 'postgres' ? 'postgres' : 'gateway'}`,
    stop: () => server.stop(),
    kill: () => server.kill(),
    async restart() {
      await server.stop();
      await server.start();
    },
    async [Symbol.asyncDispose]() {
      await server.kill();
      await forget();
    },
  };
}

function prepare(engine: ServerEngine, folder: string, port: number, tls?: DatabaseTls): Promise<DatabaseServer> {
  switch (engine) {
    case 'mysql':
    case 'mariadb':
      return prepareMysql(engine, folder, port, tls);
    case 'postgres':
      return preparePostgres(folder, port, tls);
  }
}
