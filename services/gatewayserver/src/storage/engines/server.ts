import { type DatabaseUrlTls, readDatabaseUrlTls } from '@trino-gateway/config';
import type { HeldLock } from './transaction-lock.ts';
import { noLock } from './transaction-lock.ts';

/** What the URL of a database server says, as TypeORM takes it. */
export type ServerAddress = {
  host: string;
  port: number;
  username: string;
  password: string;
  database: string;
  /** Undefined: no TLS. */
  ssl: DatabaseSsl | undefined;
};

/** What is trusted and shown, as it is now: each new connection reads it. */
export type DatabaseSsl = {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  rejectUnauthorized: true;
  /** Of mysql2: the name as well as the authority. */
  verifyIdentity: true;
};

/** The files of TLS connections to a database, as they are now. */
export type DatabaseTls = { current(): { pems: Partial<Record<'ca' | 'cert' | 'key', string>> } };

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
 * Reads `scheme://user:password@host:port/database`, with `?sslmode=disable|require|verify-full` and `&sslrootcert=FILE`.
 * Connections over TLS are verified always, for the authority and the name.
 * @param tls files that are set beside the URL: with them connections are made over TLS
 */
export function readServerUrl(url: string, usualPort: number, tls?: DatabaseTls): ServerAddress {
  if (!URL.canParse(url)) throw new Error('database_url: not a URL such as postgres://user@host:5432/database');
  const parsed = new URL(url);
  const database = decodeURIComponent(parsed.pathname.replace(/^\//, ''));
  if (parsed.hostname === '') throw new Error('database_url: names no host');
  if (database === '') throw new Error(`database_url: names no database after ${parsed.protocol}//host/`);
  const isWanted = tls !== undefined || urlTls(parsed).isWanted;
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? usualPort : Number(parsed.port),
    username: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database,
    ssl: isWanted ? sslOf(tls) : undefined,
  };
}

function urlTls({ searchParams }: URL): DatabaseUrlTls {
  try {
    return readDatabaseUrlTls(searchParams);
  } catch (error) {
    throw new Error(`database_url: ${(error as Error).message}`);
  }
}

/** The drivers take options, and read them for each connection. */
function sslOf(tls: DatabaseTls | undefined): DatabaseSsl {
  const pem = (part: 'ca' | 'cert' | 'key') => tls?.current().pems[part];
  return {
    get ca() {
      return pem('ca');
    },
    get cert() {
      return pem('cert');
    },
    get key() {
      return pem('key');
    },
    rejectUnauthorized: true,
    verifyIdentity: true,
  };
}
