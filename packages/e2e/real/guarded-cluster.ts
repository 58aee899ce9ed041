import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CoordinatorSettings } from '@trino-gateway/testing/trino/coordinator-files';
import { TRINO_VERSION } from '@trino-gateway/testing/trino/versions';

/** The key that signs the tokens which the guarded cluster takes. */
const jwtKey = Buffer.alloc(32, 5);

/** Users whom the guarded cluster knows, with their passwords. */
export const passwords = {
  probe: 'p-secret',
  alice: 'a-secret',
  mallory: 'm-secret',
  bi: 'b-secret',
  gateway: 'g-secret',
};

/** Further ones, whose names are as long or as odd as names may be. */
export const oddPasswords: Readonly<Record<string, string>> = {
  'user@example.com': 'mail-secret',
  'two words': 'words-secret',
  Jürgen: 'umlaut-secret',
  [`long${'-name'.repeat(60)}`]: 'long-secret',
};

const known: Readonly<Record<string, string>> = { ...passwords, ...oddPasswords };

/** So long may a transaction there do nothing. */
export const IDLE_TRANSACTION_MS = 4_000;

/** Who asks `guardedCluster` whether it is well, as a backend has it. */
export const probe = { user: 'probe', password: passwords.probe };

/** A cluster that asks for a password or a token, where `bi` and `gateway` may act for alice. */
export async function guardedSettings(folder: string): Promise<CoordinatorSettings> {
  const keyFile = join(folder, 'jwt.key');
  await writeFile(keyFile, jwtKey.toString('base64'));
  const impersonation = ['bi', 'gateway'].map((user) => ({ original_user: user, new_user: 'alice' }));
  return {
    // Newer ones have no password file outside of their server's archive.
    version: TRINO_VERSION,
    password: probe,
    otherPasswords: known,
    accessRules: { catalogs: [{ allow: 'all' }], impersonation },
    properties: {
      'http-server.authentication.type': 'PASSWORD,JWT',
      'http-server.authentication.jwt.key-file': keyFile,
      'transaction.idle-timeout': `${IDLE_TRANSACTION_MS}ms`,
      'transaction.idle-check-interval': '500ms',
    },
  };
}

/** The header of this user's password. */
export const withPassword = (user: string, password = known[user]) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`,
});

/** The header of a token of this user, good for so many seconds. */
export function withToken(user: string, { seconds = 3_600, key = jwtKey }: { seconds?: number; key?: Buffer } = {}) {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256' })}.${part({ sub: user, exp: Math.ceil(Date.now() / 1_000) + seconds })}`;
  return { authorization: `Bearer ${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}` };
}
