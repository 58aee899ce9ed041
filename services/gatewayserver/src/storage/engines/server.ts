import { readFileSync } from 'node:fs';
import type { HeldLock } from './transaction-lock.ts';
import { noLock } from './transaction-lock.ts';

/** What the URL of a database server says, as TypeORM takes it. */
export type ServerAddress = {
  host: string;
  port: number;
  username: string;
  password: string;
  database: string;
  /** Absent: no TLS. */
  ssl?: { rejectUnauthorized: boolean; ca?: string };
};

/**
 * A replica that vanishes in mid-transaction, in a power cut say, would hold its locks until the server gives up its
 * connection: for hours. The server ends a connection that was idle for so many time limits.
 */
export const ABANDONED_AFTER_LIMITS = 4;

/** What all servers have in common. */
export const SERVER = {
  inMemory: false,
  transactionLock: (): HeldLock => ({ lock: noLock, release() {} }),
};

/**
 * Reads `scheme://user:password@host:port/database`, with `?sslmode=disable|require|verify-full` (require encrypts without
 * checking who answers) and `&sslrootcert=FILE`.
 */
export function readServerUrl(url: string, usualPort: number): ServerAddress {
  if (!URL.canParse(url)) throw new Error('database_url: not a URL such as postgres://user@host:5432/database');
  const parsed = new URL(url);
  const database = decodeURIComponent(parsed.pathname.replace(/^\//, ''));
  if (parsed.hostname === '') throw new Error('database_url: names no host');
  if (database === '') throw new Error(`database_url: names no database after ${parsed.protocol}//host/`);
  const ssl = readTls(parsed.searchParams);
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? usualPort : Number(parsed.port),
    username: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database,
    ...(ssl && { ssl }),
  };
}

function readTls(parameters: URLSearchParams): ServerAddress['ssl'] {
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
