import { closeSync, openSync } from 'node:fs';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The files of one database; those that SQLite makes get the mode of the first. */
const ENDS = ['', '-wal', '-shm', '-journal'];
const OTHERS = 0o077;

/**
 * Makes the folder and the file of a SQLite database, where they are missing, readable by their owner alone, and takes that
 * right from others where an earlier version gave it. An existing folder keeps its mode: it may hold other things.
 */
export async function makePrivateFiles(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  createIfMissing(file);
  for (const end of ENDS) await chmod(file + end, 0o600).catch(() => undefined); // missing, or owned by another user: see below
}

/** Those of its files that others can read all the same: another user owns them, or the volume has no modes. */
export async function filesOpenToOthers(file: string): Promise<string[]> {
  const files = ENDS.map((end) => file + end);
  const modes = await Promise.all(
    files.map((one) =>
      stat(one).then(
        ({ mode }) => mode,
        () => 0,
      ),
    ),
  );
  return files.filter((_, at) => ((modes[at] ?? 0) & OTHERS) !== 0);
}

/** Never opens an existing file: closing it would end the locks that SQLite has on it in this process (POSIX fcntl). */
function createIfMissing(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
