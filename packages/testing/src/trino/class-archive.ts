import { join } from 'node:path';
import { buildOnce, cacheFolder, exists } from '../toolchains/cache.ts';
import type { Jdk } from './jdk.ts';
import type { TrinoVersion } from './versions.ts';

/** The archive that makes this Trino start in half the time on this JDK, when it has been made. */
export async function findClassArchive(jdk: Jdk, version: TrinoVersion): Promise<string | undefined> {
  const path = join(archiveFolder(jdk, version), FILE);
  return (await exists(path)) ? path : undefined;
}

/**
 * Makes the class archive unless it is there: 100 MB, from one short run of a coordinator, which `train` leads from start
 * to stop with the options of Java it is given. Optional: without the archive starts only take longer.
 */
export async function makeClassArchive(
  jdk: Jdk,
  version: TrinoVersion,
  train: (jvmFlags: readonly string[]) => Promise<void>,
): Promise<string> {
  const folder = await buildOnce(archiveFolder(jdk, version), (part) =>
    train([`-XX:ArchiveClassesAtExit=${join(part, FILE)}`]),
  );
  return join(folder, FILE);
}

const FILE = 'classes.jsa';

/** Java refuses an archive of another build of itself, so each version has its own. */
function archiveFolder(jdk: Jdk, version: TrinoVersion): string {
  return join(cacheFolder(), `trino-${version}-classes-${jdk.version}`);
}
