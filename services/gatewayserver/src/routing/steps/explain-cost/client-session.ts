import { toTrinoHeaders } from '@trino-gateway/trino';
import type { RoutedQuery } from '../../chain/routed-query.ts';
import type { SentHeaders } from '../../chain/step-tools.ts';

/** What makes a session at a cluster, as headers. */
export type ClientSession = {
  headers: SentHeaders;
  /** What an estimate may depend on: all of it but the credentials, and what only describes the client. */
  identity: readonly unknown[];
};

/** Who explains instead of the clients. */
export type Login = { user: string; password: string };

/** Not the client's, or not about what a plan is made of. */
const NEVER = [
  ...['transaction-id', 'source', 'routing-group', 'query-data-encoding', 'connection-properties', 'internal-bearer'],
];
/** Whose password it is counts in place of these. */
const OF_THE_AUTHENTICATED = ['user', 'original-user', 'original-roles'];
const OF_THE_IDENTITY = [
  ...['user', 'original-user', 'original-roles', 'catalog', 'schema', 'path', 'role', 'session', 'prepared-statement'],
  ...['time-zone', 'language', 'client-capabilities', 'resource-estimate'],
];

/** The session of a client, with its own credentials or with those of a user that impersonates it. */
export function clientSession(query: RoutedQuery, login: Login | undefined): ClientSession {
  const sent = toTrinoHeaders([...query.rawHeaders, ...query.credentials.flatMap(({ name, value }) => [name, value])]);
  const lines = new Map<string, string[]>();
  const skipped = new Set([...NEVER, ...(login ? OF_THE_AUTHENTICATED : [])].map((name) => `x-trino-${name}`));
  for (let at = 0; at < sent.length; at += 2) {
    const name = (sent[at] ?? '').toLowerCase();
    const isSession = name.startsWith('x-trino-') && !skipped.has(name);
    if (isSession || (name === 'authorization' && !login))
      lines.set(name, [...(lines.get(name) ?? []), sent[at + 1] ?? '']);
  }
  // A coordinator takes the name from the credentials where no header has it.
  if (login || (!lines.has('x-trino-user') && !lines.has('authorization'))) lines.set('x-trino-user', [query.user]);
  if (login) lines.set('authorization', [basic(login)]);
  const headers = Object.fromEntries(
    [...lines].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
  const identity = [query.user, ...OF_THE_IDENTITY.map((name) => lines.get(`x-trino-${name}`) ?? null)];
  return { headers: headers as SentHeaders, identity };
}

/** Trino reads Basic credentials as Latin-1 (BasicAuthCredentials). */
function basic({ user, password }: Login): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`;
}
