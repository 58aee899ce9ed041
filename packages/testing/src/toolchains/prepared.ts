import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce, cacheFolder } from './cache.ts';

/** A folder in the cache that belongs to exactly this content of these files. */
export async function prepared(
  name: string,
  files: readonly string[],
  build: (part: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(await readFile(file));
  return buildOnce(join(cacheFolder(), 'clients', `${name}-${hash.digest('hex').slice(0, 12)}`), build);
}
