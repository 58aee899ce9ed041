import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, type Stats, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** What a file is for: authorities that are trusted, a certificate with its chain, the key of that certificate. */
export type TlsPart = 'ca' | 'cert' | 'key';

/** The files that belong together, each with what it is called where it is configured, such as `router.tls_cert_file`. */
export type TlsFiles = Partial<Record<TlsPart, { field: string; path: string }>>;

/** What stands in files that can be used. */
export type TlsMaterial = {
  pems: Partial<Record<TlsPart, string>>;
  /** The certificates of each file, the first one first. */
  certificates: Partial<Record<'ca' | 'cert', readonly X509Certificate[]>>;
  /** Differs when a file was replaced. */
  stamp: string;
};

/**
 * Files cannot be used. Whoever may write backends names any path and reads the message, so that is the same whether a file is
 * missing, unreadable or no PEM file; what it is stands in `why`, for logs and for whoever wrote the configuration file.
 */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
  /** One for each file, with its field and path; never with the content of a file. */
  readonly problems: readonly string[];
  /** Of the files that could be looked at. */
  readonly stamp: string;

  constructor(message: string, problems: readonly string[] = [message], stamp = '') {
    super(message);
    this.problems = problems;
    this.stamp = stamp;
  }

  get why(): string {
    return this.problems.join('; ');
  }
}

const MOST_BYTES = 1_048_576;
const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

type Entry = { part: TlsPart; field: string; path: string };
/** A file's text and stamp, or what is wrong with it. */
type Look = Entry & ({ what: string } | { text: string; stamp: string });

/** Reads the files anew where one was replaced, else answers what was read before. @throws TlsFileError with every problem */
export async function readTlsFiles(files: TlsFiles, previous?: { stamp: string }): Promise<TlsMaterial | undefined> {
  const entries = entriesOf(files);
  if (previous !== undefined && (await stampOf(entries)) === previous.stamp) return undefined;
  return materialOf(await Promise.all(entries.map(look)));
}

/** What is wrong with the files, at the start of a process. */
export function tlsFileProblems(files: TlsFiles): readonly string[] {
  try {
    materialOf(entriesOf(files).map(lookNow));
    return [];
  } catch (error) {
    if (error instanceof TlsFileError) return error.problems;
    throw error;
  }
}

/** Undefined when one of them cannot be looked at. */
async function stampOf(entries: readonly Entry[]): Promise<string | undefined> {
  try {
    return (await Promise.all(entries.map(async ({ path }) => stampOfFile(await stat(path))))).join(' ');
  } catch {
    return undefined;
  }
}

function entriesOf(files: TlsFiles): Entry[] {
  return (['ca', 'cert', 'key'] as const).flatMap((part) => {
    const file = files[part];
    return file === undefined ? [] : [{ part, ...file }];
  });
}

async function look(entry: Entry): Promise<Look> {
  try {
    const found = await stat(entry.path);
    const what = unfit(found);
    if (what !== undefined) return { ...entry, what };
    return { ...entry, stamp: stampOfFile(found), text: await readFile(entry.path, 'latin1') };
  } catch (error) {
    return { ...entry, what: unreadable(error) };
  }
}

function lookNow(entry: Entry): Look {
  try {
    const found = statSync(entry.path);
    const what = unfit(found);
    if (what !== undefined) return { ...entry, what };
    return { ...entry, stamp: stampOfFile(found), text: readFileSync(entry.path, 'latin1') };
  } catch (error) {
    return { ...entry, what: unreadable(error) };
  }
}

/** Only regular files: a pipe would never end. */
function unfit(found: Stats): string | undefined {
  if (!found.isFile()) return 'is no regular file';
  return found.size > MOST_BYTES ? `is larger than ${MOST_BYTES} bytes` : undefined;
}

const unreadable = (error: unknown) => `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
const stampOfFile = ({ dev, ino, size, mtimeMs }: Stats) => `${dev}:${ino}:${size}:${mtimeMs}`;

function materialOf(looks: readonly Look[]): TlsMaterial {
  const problems: (Entry & { what: string })[] = [];
  const material: TlsMaterial = { pems: {}, certificates: {}, stamp: '' };
  const stamps: string[] = [];
  for (const one of looks) {
    const what = 'what' in one ? one.what : take(material, one.part, one.text);
    if (what !== undefined) problems.push({ ...one, what });
    if ('stamp' in one) stamps.push(one.stamp);
  }
  if (problems.length === 0) problems.push(...misfits(material, looks));
  const stamp = stamps.join(' ');
  const [first] = problems;
  if (first !== undefined) {
    const all = problems.map(({ field, path, what }) => `${field}: ${path} ${what}`);
    throw new TlsFileError(`${first.field}: ${first.path} cannot be used: why stands in the log`, all, stamp);
  }
  return { ...material, stamp };
}

/** What is wrong with the file by itself. */
function take({ pems, certificates }: TlsMaterial, part: TlsPart, text: string): string | undefined {
  pems[part] = text;
  try {
    if (part === 'key') {
      createPrivateKey(text);
      return undefined;
    }
    const found = (text.match(CERTIFICATE) ?? []).map((one) => new X509Certificate(one));
    certificates[part] = found;
    return found.length === 0 ? 'holds no PEM certificate' : undefined;
  } catch {
    return part === 'key' ? 'holds no PEM private key without a passphrase' : 'holds a certificate that cannot be read';
  }
}

/** What is wrong with files that are well by themselves. */
function misfits({ pems, certificates }: TlsMaterial, entries: readonly Entry[]): (Entry & { what: string })[] {
  const of = (part: TlsPart) => entries.find((one) => one.part === part);
  const [cert, key, first] = [of('cert'), of('key'), certificates.cert?.[0]];
  if (cert && key && first && !first.checkPrivateKey(createPrivateKey(pems.key ?? '')))
    return [{ ...key, what: `is not the key of the certificate in ${cert.field}` }];
  try {
    createSecureContext(pems);
    return [];
  } catch (error) {
    const [blamed] = [cert ?? key ?? of('ca')].filter((one) => one !== undefined);
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return blamed === undefined ? [] : [{ ...blamed, what: `cannot be used (${code})` }];
  }
}
