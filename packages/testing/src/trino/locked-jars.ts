import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * Makes sure that a folder holds exactly the files that a lock names, byte for byte. The lock has lines as `sha256sum` writes
 * and checks them: the checksum in hexadecimal, two blanks, the path below the folder. @throws Error naming each file that is
 * missing, different or not in it
 */
export async function assertLocked(folder: string, lock: string): Promise<void> {
  const locked = new Map(
    lock
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(66), line.slice(0, 64)] as const),
  );
  const found = await checksums(folder);
  const problems = [
    ...[...locked.keys()].filter((path) => !found.has(path)).map((path) => `${path} is missing`),
    ...[...found].flatMap(([path, checksum]) => {
      const expected = locked.get(path);
      if (expected === undefined) return [`${path} is not in the lock`];
      return expected === checksum ? [] : [`${path} has the SHA-256 ${checksum}, not ${expected}`];
    }),
  ];
  if (problems.length > 0) throw new Error(`what was fetched is not what is locked:\n${problems.join('\n')}`);
}

async function checksums(folder: string): Promise<Map<string, string>> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => relative(folder, join(file.parentPath, file.name)));
  const found = new Map<string, string>();
  for (const path of paths.sort()) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(folder, path)), hash);
    found.set(path, hash.digest('hex'));
  }
  return found;
}
