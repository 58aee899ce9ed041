import { readFileSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { formatState, parseState, type RouterState } from './router-state.ts';

/** The file with the state; it is replaced atomically, so that a reader never sees half of it. */
export type StateFile = AsyncDisposable & {
  /** Undefined when there is none, or none that can be used: the latter is logged. */
  read(): RouterState | undefined;
  /** Writes soon; several calls in a row write once. */
  saveSoon(): void;
  /** Resolves when the state of this moment is on disk, or could not be written, which is logged once. */
  save(): Promise<void>;
};

const DEBOUNCE_MS = 200;

/** Keeps `state()` in a file that only its owner can read: the signing key in it is a secret. */
export function createStateFile(path: string, state: () => RouterState | undefined, logger: Logger): StateFile {
  let written: string | undefined;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;

  const write = async () => {
    const current = state();
    if (!current) return;
    const text = formatState(current);
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
    // One write at a time, followed by one for all that changed since it began.
    queued ??= writing.then(() => {
      queued = undefined;
      writing = write();
      return writing;
    });
    return queued;
  };
  return {
    read: () => {
      const text = readText(path, logger);
      const state = text === undefined ? undefined : readState(path, text, logger);
      // A file that others can read is replaced even if its content is right.
      if (state !== undefined && isPrivate(path)) written = text;
      return state;
    },
    saveSoon: () => {
      timer ??= setTimeout(() => void save(), DEBOUNCE_MS).unref();
    },
    save,
    [Symbol.asyncDispose]: () => (timer ? save() : (queued ?? writing)),
  };
}

function readText(path: string, logger: Logger): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.warn('router.state_file cannot be read and is ignored', { path, error: describeError(error) });
    return undefined;
  }
}

function readState(path: string, text: string, logger: Logger): RouterState | undefined {
  try {
    return parseState(text);
  } catch (error) {
    logger.warn('router.state_file is damaged and is ignored', { path, error: describeError(error) });
    return undefined;
  }
}

const isPrivate = (path: string) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0o777) & 0o077) === 0;

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
