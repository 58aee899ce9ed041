import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildOnce, cacheFolder } from '../toolchains/cache.ts';
import { prepared } from '../toolchains/prepared.ts';
import { runCommand } from '../toolchains/run-command.ts';
import type { Jdk } from './jdk.ts';
import { assertLocked } from './locked-jars.ts';
import { fetchWithDependencies } from './maven.ts';
import { NEWEST_VERSION } from './versions.ts';

const START_JAR = 'start.jar';
const SOURCES = join(import.meta.dirname, 'assembled');

/** Its connectors, and the class that each begins with: that is written down only when Trino itself is packaged. */
const CONNECTORS = { tpch: 'io.trino.plugin.tpch.TpchPlugin', memory: 'io.trino.plugin.memory.MemoryPlugin' } as const;

/**
 * The folder of the newest server, with the tpch and memory connectors: put together the first time from 320 jars (130 MB),
 * each of which must be the one that is written down in `assembled/483.sha256`. And the jar of the class that starts it, with what
 * plugins of older releases ask of it and it no longer has.
 */
export async function assembledServer(
  jdk: Jdk,
  say: (line: string) => void,
): Promise<{ home: string; startJar: string }> {
  const home = await assembledJars(jdk, say);
  return { home, startJar: await compiledStart(jdk, home) };
}

async function assembledJars(jdk: Jdk, say: (line: string) => void): Promise<string> {
  return buildOnce(join(cacheFolder(), `trino-${NEWEST_VERSION}`), async (folder) => {
    say(`assembling Trino ${NEWEST_VERSION} (130 MB, once) in ${cacheFolder()}`);
    await fetchWithDependencies(
      NEWEST_VERSION,
      {
        lib: 'trino-main',
        ...Object.fromEntries(Object.keys(CONNECTORS).map((name) => [`plugin/${name}`, `trino-${name}`])),
      },
      folder,
      say,
    );
    await assertLocked(folder, await readFile(join(SOURCES, `${NEWEST_VERSION}.sha256`), 'utf8'));
    for (const [name, plugin] of Object.entries(CONNECTORS))
      await packDescriptor(jdk, join(folder, 'plugin', name), plugin);
  });
}

async function packDescriptor(jdk: Jdk, folder: string, plugin: string): Promise<void> {
  const content = join(folder, 'descriptor');
  const file = join(content, 'META-INF', 'services', 'io.trino.spi.Plugin');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${plugin}\n`);
  await pack(jdk, join(folder, 'descriptor.jar'), content);
}

/** In a jar: Java makes no class archive of folders. Made anew when its sources change, without the download. */
async function compiledStart(jdk: Jdk, home: string): Promise<string> {
  const found = await readdir(SOURCES, { recursive: true });
  const sources = found.filter((path) => path.endsWith('.java')).map((path) => join(SOURCES, path));
  const folder = await prepared(`trino-${NEWEST_VERSION}-start-${jdk.version}`, sources, async (part) => {
    const classes = join(part, 'classes');
    const args = ['-proc:none', '-cp', join(home, 'lib', '*'), '-d', classes, ...sources];
    await runCommand(join(jdk.home, 'bin', 'javac'), args, { timeoutMs: 300_000 });
    await pack(jdk, join(part, START_JAR), classes);
  });
  return join(folder, START_JAR);
}

async function pack(jdk: Jdk, jar: string, content: string): Promise<void> {
  await runCommand(join(jdk.home, 'bin', 'jar'), ['cf', jar, '-C', content, '.'], { timeoutMs: 120_000 });
  await rm(content, { recursive: true });
}
