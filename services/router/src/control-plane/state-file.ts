import { readFileSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DelegatedAuthentication } from '@trino-gateway/api/authentication';
import { type Backend_ForwardedHeaders, Backend_Forwarding, type SnapshotBackend } from '@trino-gateway/api/gateway';
import { describeError, type Logger, parseForeignJson } from '@trino-gateway/runtime';
import type { Life, Owner } from '../stickiness/ownership.ts';

/**
 * A backend, with the address for browsers: sending them there needs no gatewayserver. Whether it is limited matters without
 * one, too: nothing is started there then. So does which query ids are its own.
 */
export type KnownBackend = Owner & Pick<SnapshotBackend, 'externalUrl' | 'forwarding' | 'limited' | 'coordinatorId'>;

/** What a router needs to serve polls after its own restart while the gatewayserver is down. */
export type RouterState = {
  refusalKey: Uint8Array;
  backends: readonly KnownBackend[];
  /** Lives the gatewayserver knows. */
  lives: readonly Life[];
  /** Where delegated authentication is asked for; undefined in files of older versions: then it is not known. */
  authentication: DelegatedAuthentication | undefined;
  /** Lives learnt here that the gatewayserver has not shown yet. */
  ownLives: readonly Life[];
};

/** The file that holds the state; it is replaced whole, so that a reader never sees half of it. */
export type StateFile = AsyncDisposable & {
  /** Undefined when there is none, or none that can be used: the latter is logged. */
  read(): RouterState | undefined;
  /** Writes soon; several calls in a row write once. */
  saveSoon(): void;
  /** Resolves when the state of this moment is on disk, or could not be written, which is logged once. */
  save(): Promise<void>;
};

const VERSION = 1;
const DEBOUNCE_MS = 200;

/** Keeps `state()` in a file that only its owner can read: the refusal key in it is a secret. */
export function createStateFile(path: string, state: () => RouterState | undefined, logger: Logger): StateFile {
  let written: string | undefined;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;

  const write = async () => {
    const current = state();
    if (!current) return;
    const text = format(current);
    if (text === written) return;
    try {
      await replaceFile(path, text);
      written = text;
      failing = false;
    } catch (error) {
      if (!failing)
        logger.warn('router.state_file cannot be written: polls will fail after a restart without a gatewayserver', {
          path,
          error: describeError(error),
        });
      failing = true;
    }
  };
  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    // One write at a time, and one more for all that changed since it began.
    queued ??= writing.then(() => {
      queued = undefined;
      writing = write();
      return writing;
    });
    return queued;
  };
  return {
    read: () => {
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
          logger.warn('router.state_file cannot be read and is ignored', { path, error: describeError(error) });
        return undefined;
      }
      try {
        const read = parse(text);
        // One that others can read is replaced, though it says what it should.
        if ((statSync(path).mode & 0o077) === 0) written = text;
        return read;
      } catch (error) {
        logger.warn('router.state_file is damaged and is ignored', { path, error: describeError(error) });
        return undefined;
      }
    },
    saveSoon: () => {
      timer ??= setTimeout(() => void save(), DEBOUNCE_MS).unref();
    },
    save,
    [Symbol.asyncDispose]: () => (timer ? save() : (queued ?? writing)),
  };
}

async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.new`;
  try {
    const file = await open(draft, 'w', 0o600);
    try {
      await file.chmod(0o600); // a draft left by a crash may have had another mode
      await file.writeFile(text);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

function format({ refusalKey, ...state }: RouterState): string {
  const key = Buffer.from(refusalKey).toString('base64');
  return `${JSON.stringify({ version: VERSION, refusalKey: key, ...state })}\n`;
}

function parse(text: string): RouterState {
  const read = parseForeignJson(text) as Record<string, unknown>;
  if (read?.version !== VERSION) throw new Error(`expected version ${VERSION}, got ${JSON.stringify(read?.version)}`);
  const refusalKey = Buffer.from(textOf(read, 'refusalKey'), 'base64');
  if (refusalKey.length === 0) throw new Error('expected a refusalKey that is not empty');
  return {
    refusalKey,
    backends: listOf(read, 'backends').map(backendOf),
    lives: listOf(read, 'lives').map(lifeOf),
    ownLives: listOf(read, 'ownLives').map(lifeOf),
    authentication: authenticationOf(read.authentication),
  };
}

function authenticationOf(read: unknown): DelegatedAuthentication | undefined {
  if (read === undefined) return undefined;
  const rules = fieldsOf(read, 'authentication');
  return {
    ports: numbersOf(rules, 'ports'),
    hosts: textsOf(rules, 'hosts'),
    clusters: listOf(rules, 'clusters').map((cluster) => ({
      url: textOf(cluster, 'url'),
      backendIds: textsOf(cluster, 'backendIds'),
      groupIds: textsOf(cluster, 'groupIds'),
      openPorts: numbersOf(cluster, 'openPorts'),
      openHosts: textsOf(cluster, 'openHosts'),
    })),
  };
}

function fieldsOf(read: unknown, key: string): Record<string, unknown> {
  if (typeof read === 'object' && read !== null) return read as Record<string, unknown>;
  throw new Error(`expected an object in ${key}`);
}

function textsOf(read: Record<string, unknown>, key: string): string[] {
  const value = read[key];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw new Error(`expected a list of texts in ${key}`);
}

function numbersOf(read: Record<string, unknown>, key: string): number[] {
  const value = read[key];
  if (Array.isArray(value) && value.every((one) => Number.isInteger(one))) return value;
  throw new Error(`expected a list of whole numbers in ${key}`);
}

function lifeOf(read: Record<string, unknown>): Life {
  return { suffix: textOf(read, 'suffix'), ...ownerOf(read) };
}

/** The last four are not in files of older versions. */
function backendOf(read: Record<string, unknown>): KnownBackend {
  const { externalUrl = '', forwarding = Backend_Forwarding.PROXY, limited = false, coordinatorId = '' } = read;
  if (typeof externalUrl !== 'string' || (externalUrl !== '' && !URL.canParse(externalUrl)))
    throw new Error(`expected a URL in externalUrl, got ${JSON.stringify(externalUrl)}`);
  if (!Number.isInteger(forwarding)) throw new Error('expected the number of a setting in forwarding');
  if (typeof limited !== 'boolean') throw new Error('expected true or false in limited');
  if (typeof coordinatorId !== 'string') throw new Error('expected text in coordinatorId');
  return { ...ownerOf(read), externalUrl, forwarding: forwarding as Backend_Forwarding, limited, coordinatorId };
}

function ownerOf(read: Record<string, unknown>): Owner {
  const url = textOf(read, 'url');
  if (!URL.canParse(url)) throw new Error(`expected a URL, got ${JSON.stringify(url)}`);
  const { forwardedHeaders } = read;
  if (!Number.isInteger(forwardedHeaders)) throw new Error('expected the number of a setting in forwardedHeaders');
  return { backendId: textOf(read, 'backendId'), url, forwardedHeaders: forwardedHeaders as Backend_ForwardedHeaders };
}

function textOf(read: Record<string, unknown>, key: string): string {
  const value = read[key];
  if (typeof value !== 'string') throw new Error(`expected text in ${key}`);
  return value;
}

function listOf(read: Record<string, unknown>, key: string): Record<string, unknown>[] {
  const value = read[key];
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'object' || one === null))
    throw new Error(`expected a list of objects in ${key}`);
  return value;
}
