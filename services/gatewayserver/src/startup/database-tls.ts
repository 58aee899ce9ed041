import { type GatewayserverConfig, readDatabaseUrlTls } from '@trino-gateway/config';
import {
  type CertificateExpiry,
  followOwnTlsFiles,
  type Logger,
  readOwnTlsFiles,
  type TlsFiles,
} from '@trino-gateway/runtime';
import type { DatabaseTls } from '../storage/index.ts';

type Keys = Pick<GatewayserverConfig, 'database_url' | 'database_ca_file' | 'database_cert_file' | 'database_key_file'>;

/** What stands in the files now, for a command that ends soon; undefined without any. @throws Error naming the key and the file */
export async function readDatabaseTls(keys: Keys): Promise<DatabaseTls | undefined> {
  const files = filesOf(keys);
  if (files === undefined) return undefined;
  const material = await readOwnTlsFiles(files);
  return { current: () => material };
}

type Parts = { logger: Logger; expiry: CertificateExpiry; started: AsyncDisposableStack };

/** What stands in the files at each new connection; undefined without any. @throws Error naming the key and the file */
export async function followDatabaseTls(keys: Keys, { started, ...options }: Parts): Promise<DatabaseTls | undefined> {
  const files = filesOf(keys);
  return files && started.use(await followOwnTlsFiles(files, options));
}

function filesOf(keys: Keys): TlsFiles | undefined {
  const file = (part: 'ca' | 'cert' | 'key') => {
    const field = `database_${part}_file` as const;
    return keys[field] === undefined ? {} : { [part]: { field: `gatewayserver.${field}`, path: keys[field] } };
  };
  const files: TlsFiles = { ...inUrl(keys.database_url), ...file('ca'), ...file('cert'), ...file('key') };
  return Object.keys(files).length > 0 ? files : undefined;
}

function inUrl(url: string): TlsFiles {
  if (url.startsWith('sqlite:')) return {};
  const { rootCert: path } = readDatabaseUrlTls(new URL(url).searchParams);
  return path === undefined ? {} : { ca: { field: 'sslrootcert of gatewayserver.database_url', path } };
}
