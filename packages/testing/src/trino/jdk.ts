import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists } from '../toolchains/cache.ts';
import { findInPath } from '../toolchains/find-in-path.ts';
import { MissingToolError, OWN_CLUSTERS } from '../toolchains/missing-tool.ts';
import { OLDEST_JAVA, TRINO_VERSION } from './versions.ts';

/** A Java development kit on this machine; `version` as in its release file, such as `25.0.3`. */
export type Jdk = { home: string; version: string };

const INSTALLED = ['/usr/lib/jvm', '/Library/Java/JavaVirtualMachines'];

/**
 * The JDK to run Trino with: JAVA_HOME, else the `java` in PATH, else the newest installed one, whichever is not older than
 * the given major version. Throws MissingToolError when there is none.
 */
export async function findJdk(
  oldest = OLDEST_JAVA[TRINO_VERSION],
  env: NodeJS.ProcessEnv = process.env,
  installed: readonly string[] = INSTALLED,
): Promise<Jdk> {
  const seen: Jdk[] = [];
  for (const home of await homes(env, installed)) {
    const version = await versionOf(home);
    if (version !== undefined && (await exists(join(home, 'bin', 'jar')))) seen.push({ home, version });
  }
  const fit = seen.find((jdk) => major(jdk) >= oldest);
  if (fit !== undefined) return fit;
  const found = seen.map((jdk) => `${jdk.version} in ${jdk.home}`).join(', ') || 'none';
  throw new MissingToolError(
    `Trino needs a JDK ${oldest} or newer. Looked in JAVA_HOME, PATH, ${installed.join(', ')}; found: ${found}. ` +
      `Install one (Temurin 25, for instance) and set JAVA_HOME, ${OWN_CLUSTERS}`,
  );
}

async function homes(env: NodeJS.ProcessEnv, installed: readonly string[]): Promise<string[]> {
  const named = env.JAVA_HOME ? [env.JAVA_HOME] : [];
  const inPath = await findInPath('java', env);
  if (inPath !== undefined) named.push(dirname(dirname(await realpath(join(inPath, 'java')))));
  const others: Jdk[] = [];
  for (const folder of installed) {
    for (const name of await readdir(folder).catch(() => [])) {
      for (const home of [join(folder, name), join(folder, name, 'Contents', 'Home')]) {
        const version = await versionOf(home);
        if (version !== undefined) others.push({ home, version });
      }
    }
  }
  return [...named, ...others.sort((a, b) => major(b) - major(a)).map((jdk) => jdk.home)];
}

async function versionOf(home: string): Promise<string | undefined> {
  const release = await readFile(join(home, 'release'), 'utf8').catch(() => '');
  return /^JAVA_VERSION="([^"]+)"/m.exec(release)?.[1];
}

function major(jdk: Jdk): number {
  return Number.parseInt(jdk.version, 10);
}
