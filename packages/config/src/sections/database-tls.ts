import type { Complain } from './complain.ts';
import type { GatewayserverConfig } from './index.ts';

/** What the URL of a database server says of TLS. */
export type DatabaseUrlTls = {
  isWanted: boolean;
  /** The file with the authorities. */
  rootCert: string | undefined;
};

/** By `sslmode`. All that encrypt verify: one that did not would be the choice of whoever copied a URL from somewhere. */
const MODES: Readonly<Record<string, boolean>> = { disable: false, require: true, 'verify-full': true };

/** Reads `sslmode=disable|require|verify-full` and `sslrootcert=FILE`. @throws Error that says what is wrong */
export function readDatabaseUrlTls(parameters: URLSearchParams): DatabaseUrlTls {
  for (const name of parameters.keys())
    if (name !== 'sslmode' && name !== 'sslrootcert')
      throw new Error(
        `unknown parameter ${name}; known are sslmode and sslrootcert, and the keys database_ca_file, database_cert_file and database_key_file`,
      );
  const mode = parameters.get('sslmode');
  const rootCert = parameters.get('sslrootcert') ?? undefined;
  const isWanted = mode === null ? rootCert !== undefined : MODES[mode];
  if (isWanted === undefined || (mode !== null && !Object.hasOwn(MODES, mode)))
    throw new Error(`sslmode is ${Object.keys(MODES).join(', ')}, not ${mode}: certificates are verified always`);
  if (!isWanted && rootCert !== undefined) throw new Error('sslrootcert is of no use with sslmode=disable');
  return { isWanted, rootCert };
}

/** Complains about a database URL that says of TLS what cannot be, or contradicts the keys beside it. */
export function complainAboutDatabaseTls(config: GatewayserverConfig, complain: Complain): void {
  const { database_url: url, database_ca_file: ca, database_cert_file: cert } = config;
  if (url.startsWith('sqlite:')) {
    for (const key of ['database_ca_file', 'database_cert_file'] as const)
      if (config[key] !== undefined)
        complain(key, 'expected the URL of a database server in gatewayserver.database_url');
    return;
  }
  try {
    const { searchParams } = new URL(url);
    const { isWanted, rootCert } = readDatabaseUrlTls(searchParams);
    if (rootCert !== undefined && ca !== undefined)
      complain('database_ca_file', 'expected either this or sslrootcert in gatewayserver.database_url, not both');
    const given = ca !== undefined || cert !== undefined;
    if (given && !isWanted && searchParams.has('sslmode'))
      complain('database_url', 'expected no sslmode=disable beside gatewayserver.database_ca_file or _cert_file');
  } catch (error) {
    complain('database_url', `expected other parameters: ${(error as Error).message}`);
  }
}
