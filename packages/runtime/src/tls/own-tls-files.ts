import { type FollowedTlsFiles, type FollowTlsFilesOptions, followTlsFiles } from './followed-files.ts';
import { readTlsFiles, TlsFileError, type TlsFiles, type TlsMaterial } from './tls-files.ts';

// Whoever starts a process wrote its configuration: the error says what is wrong with the files.

/** Reads files of the configuration. @throws Error naming each key and what is wrong with its file */
export async function readOwnTlsFiles(files: TlsFiles): Promise<TlsMaterial> {
  return (await inFull(readTlsFiles(files))) as TlsMaterial;
}

/** Follows files of the configuration. @throws Error naming each key and what is wrong with its file */
export function followOwnTlsFiles(files: TlsFiles, options: FollowTlsFilesOptions): Promise<FollowedTlsFiles> {
  return inFull(followTlsFiles(files, options));
}

async function inFull<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw error instanceof TlsFileError ? new Error(error.why, { cause: error }) : error;
  }
}
