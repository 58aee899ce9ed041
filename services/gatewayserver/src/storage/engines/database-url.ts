import { readFileSync } from 'node:fs';

/** A server to connect to, as its URL says. */
export type ServerAddress = {
  host: string;
  port: number;
  username: string;
  password: string;
  database: string;
  /** Absent: no TLS. */
  tls?: { rejectUnauthorized: boolean; ca?: string };
};

/** What a database URL says. */
export type DatabaseAddress =
  | { engine: 'sqlite'; file: string }
  | ({ engine: 'mysql' | 'mariadb' | 'postgres' } & ServerAddress);

/** The file name by which SQLite knows a database that lives in memory only. */
export const MEMORY = ':memory:';

const SERVERS: Record<string, { engine: 'mysql' | 'mariadb' | 'postgres'; port: number }> = {
  'mysql:': { engine: 'mysql', port: 3306 },
  'mariadb:': { engine: 'mariadb', port: 3306 },
  'postgres:': { engine: 'postgres', port: 5432 },
  'postgresql:': { engine: 'postgres', port: 5432 },
};

/**
 * Reads `sqlite:PATH`, `sqlite::memory:`, `mysql://`, `mariadb://`, `postgres://` and `postgresql://`. Servers understand
 * `?sslmode=disable|require|verify-full` (require encrypts without checking who answers) and `&sslrootcert=FILE`.
 * @throws Error that says what is wrong without repeating the URL, which holds a password.
 */
export function parseDatabaseUrl(url: string): DatabaseAddress {
  if (url.startsWith('sqlite:')) {
    const file = url.slice('sqlite:'.length);
    if (file === '') throw new Error('database_url: sqlite: needs a path, as in sqlite:./data/gateway.db');
    return { engine: 'sqlite', file };
  }
  if (!URL.canParse(url)) throw new Error('database_url: expected sqlite:PATH, mysql://, mariadb:// or postgres://');
  const parsed = new URL(url);
  const server = SERVERS[parsed.protocol];
  if (server === undefined) throw new Error(`database_url: no such kind of database as ${parsed.protocol}`);
  const database = decodeURIComponent(parsed.pathname.replace(/^\//, ''));
  if (parsed.hostname === '') throw new Error('database_url: names no host');
  if (database === '') throw new Error(`database_url: names no database after ${parsed.protocol}//host/`);
  const tls = readTls(parsed.searchParams);
  return {
    engine: server.engine,
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? server.port : Number(parsed.port),
    username: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database,
    ...(tls && { tls }),
  };
}

function readTls(parameters: URLSearchParams): ServerAddress['tls'] {
  for (const name of parameters.keys()) {
    if (name !== 'sslmode' && name !== 'sslrootcert') throw new Error(`database_url: unknown parameter ${name}`);
  }
  const mode = parameters.get('sslmode') ?? 'disable';
  const ca = parameters.get('sslrootcert');
  switch (mode) {
    case 'disable':
      return undefined;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-full':
      return { rejectUnauthorized: true, ...(ca !== null && { ca: readFileSync(ca, 'utf8') }) };
    default:
      throw new Error(`database_url: sslmode is disable, require or verify-full, not ${mode}`);
  }
}
