import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Backend_Tls } from '@trino-gateway/api/gateway';
import { within } from '../loops/within.ts';

/** How TLS connections to a cluster are made: files, and the name its certificate must have. Empty means the default. */
export type TlsSettings = Pick<Backend_Tls, 'caFile' | 'certFile' | 'keyFile' | 'serverName'>;

/** The settings with what stands in their files. */
export type TlsIdentity = {
  secureContext: SecureContext;
  /** Empty: the host of the address. */
  serverName: string;
  /** Differs when a file was replaced. */
  stamp: string;
};

/**
 * Connections to a cluster cannot be made: a file, by its field and path. Whoever may write backends names any path and reads the
 * message, so that is the same whether the file is missing, unreadable or no PEM file; what it is stands in `why`, for logs.
 */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
  /** Never with the content of a file. */
  readonly why: string;

  constructor(message: string, why = message) {
    super(message);
    this.why = why;
  }
}

const MOST_BYTES = 1_048_576;
/** The folder may be on a network. */
const READ_LIMIT_MS = 2_000;
const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

const FIELDS = { caFile: 'tls.ca_file', certFile: 'tls.cert_file', keyFile: 'tls.key_file' } as const;
type FileField = keyof typeof FIELDS;

/**
 * Reads the files anew where one was replaced, else answers what was read before. The authorities of `caFile` are trusted
 * instead of the system's; whatever the settings, certificates are verified.
 * @throws TlsFileError
 */
export async function readTlsIdentity(settings: TlsSettings, previous?: TlsIdentity): Promise<TlsIdentity> {
  let identity: TlsIdentity | undefined;
  await within(READ_LIMIT_MS, async () => {
    identity = await readNewer(settings, previous);
  });
  if (identity === undefined) throw new TlsFileError(`tls: the files were not read within ${READ_LIMIT_MS} ms`);
  return identity;
}

async function readNewer(settings: TlsSettings, previous?: TlsIdentity): Promise<TlsIdentity> {
  const fields = (Object.keys(FIELDS) as FileField[]).filter((field) => settings[field] !== '');
  const stamps = await Promise.all(fields.map((field) => stampOf(field, settings[field])));
  const stamp = stamps.join(' ');
  if (stamp === previous?.stamp) return previous;
  const texts: Partial<Record<FileField, string>> = {};
  for (const field of fields) texts[field] = await textOf(field, settings[field]);
  const { caFile: ca, certFile: cert, keyFile: key } = texts;
  if (ca !== undefined) checkCertificates('caFile', settings.caFile, ca);
  if (cert !== undefined) checkCertificates('certFile', settings.certFile, cert);
  if (key !== undefined) checkKey(settings.keyFile, key);
  const secureContext = contextOf({ ca, cert, key }, settings.keyFile);
  return { secureContext, serverName: settings.serverName, stamp };
}

/** Only of a regular file: a pipe would never end. */
async function stampOf(field: FileField, path: string): Promise<string> {
  try {
    const entry = await stat(path);
    if (!entry.isFile()) throw problem(field, path, 'is no regular file');
    const { dev, ino, size, mtimeMs } = entry;
    if (size > MOST_BYTES) throw problem(field, path, `is larger than ${MOST_BYTES} bytes`);
    return `${dev}:${ino}:${size}:${mtimeMs}`;
  } catch (error) {
    throw asProblem(error, field, path);
  }
}

async function textOf(field: FileField, path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    throw asProblem(error, field, path);
  }
}

function checkCertificates(field: FileField, path: string, text: string): void {
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0) throw problem(field, path, 'holds no PEM certificate');
  for (const one of found) {
    try {
      new X509Certificate(one);
    } catch {
      throw problem(field, path, 'holds a certificate that cannot be read');
    }
  }
}

function checkKey(path: string, text: string): void {
  try {
    createPrivateKey(text);
  } catch {
    throw problem('keyFile', path, 'holds no PEM private key without a passphrase');
  }
}

function contextOf(pems: Partial<Record<'ca' | 'cert' | 'key', string | undefined>>, keyFile: string): SecureContext {
  try {
    return createSecureContext(pems);
  } catch {
    throw problem('keyFile', keyFile, 'is not the key of the certificate in tls.cert_file');
  }
}

function problem(field: FileField, path: string, what: string): TlsFileError {
  const named = `${FIELDS[field]}: ${path}`;
  return new TlsFileError(`${named} cannot be used: why stands in the log`, `${named} ${what}`);
}

function asProblem(error: unknown, field: FileField, path: string): TlsFileError {
  if (error instanceof TlsFileError) return error;
  return problem(field, path, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
}
