import type { DatabaseAddress } from './engine.ts';
import { ENGINES } from './registry.ts';
import type { DatabaseTls } from './server.ts';

const EXAMPLES = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(ENGINES.map(({ example }) => example));

/**
 * Reads a database URL by the engine that its scheme leads to.
 * @param tls files that are set beside it: with them connections are made over TLS
 * @throws Error that says what is wrong without repeating the URL, which may hold a password.
 */
export function parseDatabaseUrl(url: string, tls?: DatabaseTls): DatabaseAddress {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0].toLowerCase();
  if (scheme === undefined) throw new Error(`database_url: expected ${EXAMPLES}`);
  const engine = ENGINES.find(({ schemes }) => schemes.includes(scheme));
  if (engine === undefined)
    throw new Error(`database_url: no such kind of database as ${scheme}, expected ${EXAMPLES}`);
  return { ...engine.addressOf(url, tls), engine };
}

/** Whether a database exists in memory only: nobody migrates it but the store that opens it. */
export function isInMemory(url: string): boolean {
  return parseDatabaseUrl(url).inMemory;
}
