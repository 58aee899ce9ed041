import type { Server } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../logging/logger.ts';
import { every } from '../loops/every.ts';
import { within } from '../loops/within.ts';
import type { CertificateExpiry } from './certificate-expiry.ts';
import { serverContext } from './server-context.ts';
import { readTlsFiles, TlsFileError, type TlsFiles, type TlsMaterial } from './tls-files.ts';

/** TLS files of this process, read anew when they change. Disposal stops looking. */
export type FollowedTlsFiles = AsyncDisposable & {
  /** What is in force. */
  current(): TlsMaterial;
  /** What this server accepts from now on is secured with what is in force at that time, by TLS 1.2 or later. */
  secure(server: Server): void;
};

export type FollowTlsFilesOptions = {
  logger: Logger;
  expiry: Pick<CertificateExpiry, 'inForce'>;
  /** Other files are in force from now on. */
  onChange?: (material: TlsMaterial) => void;
  now?: () => number;
  /** Between two looks; shorter in tests. */
  intervalMs?: number;
};

/** New files are in force after two looks at most. */
const INTERVAL_MS = 2_000;
/** The folder may be on a network. */
const READ_LIMIT_MS = 2_000;

/**
 * Reads the files and looks at them every two seconds. New ones are taken as soon as all of them can be used; until then the old
 * ones stay in force, and an error in the log says which file is the reason, once for each change. A certificate that is not
 * valid at this time is taken only where the one in force is not either: then clients are no worse off with it, and those who
 * connect without TLS are served in any case.
 * @throws TlsFileError when they cannot be used at the start
 */
export async function followTlsFiles(files: TlsFiles, options: FollowTlsFilesOptions): Promise<FollowedTlsFiles> {
  const { logger, expiry, onChange, now = Date.now, intervalMs = INTERVAL_MS } = options;
  const paths = Object.fromEntries(Object.values(files).map(({ field, path }) => [field, path]));
  const read = readWithin(files);
  const servers = new Set<Server>();
  const put = (material: TlsMaterial) => {
    for (const server of servers) server.setSecureContext(serverContext(material));
    for (const part of ['ca', 'cert'] as const)
      expiry.inForce(files[part]?.field ?? part, material.certificates[part] ?? []);
    return material;
  };
  let current = put((await read()) as TlsMaterial);
  /** What is wrong with the files as they are. One that is just being written is not worth an error: it is said at the next look. */
  let trouble: { what: string; said: boolean } | undefined;
  const fail = (why: string, stamp: string) => {
    const what = `${why} ${stamp}`;
    if (trouble?.what !== what) trouble = { what, said: false };
    else if (!trouble.said) {
      logger.error('new TLS files cannot be used: the old ones stay in force', { error: why });
      trouble.said = true;
    }
  };
  const lookAgain = async () => {
    try {
      const found = await read(current);
      const isSame = found !== undefined && isDeepStrictEqual(found.pems, current.pems);
      // Only looked at while it was being written, or touched.
      if (isSame) current = found;
      const material = isSame ? undefined : found;
      const late = material && whyNotValid(material, files, now());
      if (late !== undefined && whyNotValid(current, files, now()) === undefined)
        return fail(late, material?.stamp ?? '');
      if (material !== undefined) {
        current = put(material);
        onChange?.(material);
        logger.info('new TLS files are in force', paths);
      } else if (trouble?.said === true) logger.info('the TLS files are as before', paths);
      trouble = undefined;
    } catch (error) {
      if (!(error instanceof TlsFileError)) throw error;
      fail(error.why, error.stamp);
    }
  };
  const looking = every(intervalMs, 'looking at the TLS files', logger, lookAgain);
  return {
    current: () => current,
    secure: (server) => {
      servers.add(server);
      server.once('close', () => servers.delete(server));
      server.setSecureContext(serverContext(current));
    },
    [Symbol.asyncDispose]: () => looking[Symbol.asyncDispose](),
  };
}

function whyNotValid({ certificates }: TlsMaterial, { cert }: TlsFiles, at: number): string | undefined {
  const [own] = certificates.cert ?? [];
  if (own === undefined || (at >= own.validFromDate.getTime() && at < own.validToDate.getTime())) return undefined;
  const [from, to] = [own.validFromDate, own.validToDate].map((date) => date.toISOString());
  return `${cert?.field}: ${cert?.path} is valid from ${from} to ${to} only`;
}

/** Reads what is new, one at a time: a folder that does not answer must not take more than one thread. @throws TlsFileError */
function readWithin(files: TlsFiles): (previous?: TlsMaterial) => Promise<TlsMaterial | undefined> {
  let reading: Promise<TlsMaterial | undefined> | undefined;
  return async (previous) => {
    reading ??= readTlsFiles(files, previous).finally(() => {
      reading = undefined;
    });
    const mine = reading;
    const read: { material?: TlsMaterial | undefined } = {};
    await within(READ_LIMIT_MS, async () => {
      read.material = await mine;
    });
    if ('material' in read) return read.material;
    throw new TlsFileError(`the TLS files were not read within ${READ_LIMIT_MS} ms`);
  };
}
