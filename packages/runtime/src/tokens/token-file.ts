import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isBearerToken, TOKEN_SHAPE } from '@trino-gateway/api/bearer-token';
import { isBelow } from '../files/is-below.ts';

/** Where token files may be. */
export type TokenFolder = {
  /** Undefined: nowhere. */
  path: string | undefined;
  /** The key of the configuration that names it. */
  key: string;
};

/** Why a token cannot be read: the field and the path, never what is in the file. */
export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
  constructor(path: string, what: string) {
    super(`probe.token_file: ${path} ${what}`);
  }
}

const MOST_BYTES = 65_536;
/** Neither waits for the writer of a pipe, nor follows a link that came after the path was resolved, nor takes a terminal. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;

/**
 * The token on the first line of a file. Whoever may write backends names the file, and the address that the token is sent to: so
 * nothing outside of the folder is read, by a link inside of it neither, and of other paths it is not even said whether they exist.
 * @throws TokenFileError
 */
export async function readTokenFile(path: string, folder: TokenFolder): Promise<string> {
  try {
    return await readOnce(path, folder);
  } catch (error) {
    // Kubernetes moves the link of a volume to a new folder, and deletes the old one: it may have gone on the way.
    if (codeOf(error) !== 'ENOENT') throw asTokenFileError(error, path);
    return await readOnce(path, folder).catch((again: unknown) => {
      throw asTokenFileError(again, path);
    });
  }
}

async function readOnce(path: string, { path: folder, key }: TokenFolder): Promise<string> {
  if (folder === undefined) throw new TokenFileError(path, `is not read: set ${key} to the folder of the token files`);
  if (!isBelow(resolve(folder), resolve(path))) throw new TokenFileError(path, `is not below ${key}`);
  const root = await realpath(folder).catch((error: unknown) => {
    throw new TokenFileError(path, `cannot be read: neither can ${key} (${codeOf(error)})`);
  });
  const real = await realpath(resolve(path));
  if (!isBelow(root, real)) throw new TokenFileError(path, `is a link that leads out of ${key}`);
  await using handle = await open(real, FLAGS);
  return tokenIn(await textOf(handle, path), path);
}

/** Only of a regular file: a pipe or a device might never end. */
async function textOf(handle: FileHandle, path: string): Promise<string> {
  if (!(await handle.stat()).isFile()) throw new TokenFileError(path, 'is no regular file');
  const buffer = Buffer.alloc(MOST_BYTES + 1);
  let length = 0;
  for (let isAtEnd = false; !isAtEnd; ) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    isAtEnd = bytesRead === 0;
    length += bytesRead;
  }
  if (length > MOST_BYTES) throw new TokenFileError(path, `is larger than ${MOST_BYTES} bytes`);
  return buffer.toString('latin1', 0, length);
}

function tokenIn(text: string, path: string): string {
  const token = (text.split('\n', 1)[0] ?? '').replace(/\r$/, '');
  if (token === '') throw new TokenFileError(path, 'has no token on its first line');
  if (!isBearerToken(token)) throw new TokenFileError(path, `has no token on its first line: expected ${TOKEN_SHAPE}`);
  return token;
}

function asTokenFileError(error: unknown, path: string): TokenFileError {
  return error instanceof TokenFileError ? error : new TokenFileError(path, `cannot be read (${codeOf(error)})`);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
