import { createSecureContext, type SecureContext } from 'node:tls';
import { parseDuration } from '@trino-gateway/config';
import { readOwnTlsFiles, type TlsFiles } from '@trino-gateway/runtime';
import type { Terminal } from '../terminal/terminal.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** How the command line says whom to ask. */
export type ConnectionOptions = {
  url?: string;
  token?: string;
  tokenFile?: string;
  caFile?: string;
  certFile?: string;
  keyFile?: string;
  timeout: string;
};

/** Whom to ask, and how long to wait for each answer. */
export type Connection = {
  urls: string[];
  token: string | undefined;
  timeLimitMs: number;
  /** Whom is trusted over TLS, and which certificate is shown. */
  secureContext?: (() => SecureContext) | undefined;
};

const DEFAULT_URL = 'http://127.0.0.1:8000';
const LONGEST_MS = 3_600_000;

/**
 * Address, token, TLS and time limit: options win over the environment.
 * @throws UsageError naming the option or variable; a token or password is never part of it
 */
export async function readConnection(options: ConnectionOptions, terminal: Terminal): Promise<Connection> {
  const from = options.url === undefined ? 'TRINO_GATEWAY_URL' : '--url';
  const given = options.url ?? (terminal.env.TRINO_GATEWAY_URL || DEFAULT_URL);
  const urls = given.split(',').map((url) => originOf(url.trim(), from));
  return {
    urls,
    token: await readToken(options, terminal),
    timeLimitMs: readTimeLimit(options.timeout, '--timeout'),
    secureContext: await readTls(options, terminal),
  };
}

/** A time limit of a call, in milliseconds. @throws UsageError */
export function readTimeLimit(text: string, option: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 1 || ms > LONGEST_MS)
    throw new UsageError(`${option}: expected a duration from 1ms to 1h, such as 10s, got "${text}"`);
  return ms;
}

/** The first line of a file that holds a secret. @throws UsageError */
export async function readSecretFile(path: string, option: string, terminal: Terminal): Promise<string> {
  const text = await terminal.read(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${option}: expected a readable file, got "${path}" (${error.code ?? error.message})`);
  });
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line.trim() === '') throw new UsageError(`${option}: expected a secret on the first line of "${path}"`);
  return line.trim();
}

async function readToken({ token, tokenFile }: ConnectionOptions, terminal: Terminal): Promise<string | undefined> {
  if (token !== undefined && tokenFile !== undefined)
    throw new UsageError('--token: expected either this or --token-file, not both');
  if (tokenFile !== undefined) return readSecretFile(tokenFile, '--token-file', terminal);
  const found = token ?? terminal.env.TRINO_GATEWAY_TOKEN;
  if (found === undefined || found === '') return undefined;
  // Anything else cannot stand in a header, and the error of the library would repeat it.
  if (!/^[\x21-\x7e]+$/.test(found))
    throw new UsageError(
      `${token === undefined ? 'TRINO_GATEWAY_TOKEN' : '--token'}: expected printable characters without blanks`,
    );
  return found;
}

const TLS_OPTIONS = {
  ca: { option: '--ca-file', variable: 'TRINO_GATEWAY_CA_FILE', key: 'caFile' },
  cert: { option: '--cert-file', variable: 'TRINO_GATEWAY_CERT_FILE', key: 'certFile' },
  key: { option: '--key-file', variable: 'TRINO_GATEWAY_KEY_FILE', key: 'keyFile' },
} as const;

async function readTls(options: ConnectionOptions, { env }: Terminal): Promise<Connection['secureContext']> {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    throw new UsageError(
      'NODE_TLS_REJECT_UNAUTHORIZED: expected it unset: certificates are verified always; name your authority by --ca-file',
    );
  const files: TlsFiles = {};
  for (const part of ['ca', 'cert', 'key'] as const) {
    const { option, variable, key } = TLS_OPTIONS[part];
    const path = options[key] ?? (env[variable] || undefined);
    if (path !== undefined) files[part] = { field: options[key] === undefined ? variable : option, path };
  }
  const { cert, key } = files;
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError(`${(cert ?? key)?.field}: expected ${cert ? '--key-file' : '--cert-file'} beside it`);
  if (Object.keys(files).length === 0) return undefined;
  const context = createSecureContext((await readFiles(files)).pems);
  return () => context;
}

/** @throws UsageError with a line for each file that cannot be used */
async function readFiles(files: TlsFiles) {
  try {
    return await readOwnTlsFiles(files);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function originOf(text: string, from: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const whole = url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash;
  if (!whole || url.username || url.password)
    throw new UsageError(`${from}: expected a URL such as ${DEFAULT_URL}, without a path or user`);
  return url.origin;
}
