import { readSecretFile } from '../connection/connection.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { UsageError } from '../terminal/usage-error.ts';
import type { RazorpayConfiguration } from './model.ts';
import { readApi } from './read-api.ts';
import { readTables } from './read-tables.ts';

/** Where the razorpay/trino-gateway is, as it stands on the command line: exactly one of its API and its database. */
export type SourceOptions = {
  fromUrl?: string;
  fromTokenFile?: string;
  fromTokenHeader: string;
  mysqlUrl?: string;
  mysqlPasswordFile?: string;
};

const SSL_MODES = ['disable', 'require', 'verify-full'];

/** @returns how to read it. @throws UsageError */
export async function readSource(
  options: SourceOptions,
  timeLimitMs: number,
  terminal: Terminal,
): Promise<() => Promise<RazorpayConfiguration>> {
  const { fromUrl, fromTokenFile, fromTokenHeader, mysqlUrl, mysqlPasswordFile } = options;
  if ((fromUrl === undefined) === (mysqlUrl === undefined))
    throw new UsageError('expected either --from-url or --mysql-url');
  if (fromUrl !== undefined) {
    if (!/^[A-Za-z0-9-]+$/.test(fromTokenHeader)) throw new UsageError('--from-token-header: expected a header name');
    const url = readApiUrl(fromUrl);
    const token =
      fromTokenFile === undefined ? undefined : await readSecretFile(fromTokenFile, '--from-token-file', terminal);
    return () => readApi({ url, token, tokenHeader: fromTokenHeader, timeLimitMs });
  }
  const url = readMysqlUrl(mysqlUrl ?? '');
  const password =
    mysqlPasswordFile === undefined
      ? undefined
      : await readSecretFile(mysqlPasswordFile, '--mysql-password-file', terminal);
  return () => readTables({ url, password, timeLimitMs });
}

function readApiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash)
    throw new UsageError('--from-url: expected a URL such as http://gateway:8000, without a user');
  return url.href.replace(/\/(twirp\/?)?$/, '');
}

function readMysqlUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^(mysql|mariadb):$/.test(url.protocol) || url.hostname === '' || url.pathname.length < 2)
    throw new UsageError('--mysql-url: expected mysql://user@host:3306/database');
  for (const name of url.searchParams.keys())
    if (!['sslmode', 'sslrootcert'].includes(name)) throw new UsageError(`--mysql-url: unknown parameter ${name}`);
  const mode = url.searchParams.get('sslmode');
  if (mode !== null && !SSL_MODES.includes(mode))
    throw new UsageError(`--mysql-url: sslmode is ${SSL_MODES.join(', ')}, not ${mode}`);
  return url;
}
