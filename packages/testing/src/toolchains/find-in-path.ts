import { delimiter, join } from 'node:path';
import { exists } from './cache.ts';

/** The folder of PATH's executable of that name, or undefined. */
export async function findInPath(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (folder !== '' && (await exists(join(folder, name)))) return folder;
  }
  return undefined;
}
