import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce, cacheFolder, exists } from '../toolchains/cache.ts';
import { runCommand } from '../toolchains/run-command.ts';
import type { Jdk } from './jdk.ts';
import { type Artifact, fetchArtifacts, fileName } from './maven.ts';
import { JDBC_VERSION, TRINO_VERSION } from './versions.ts';

const SERVER: Artifact = { id: 'trino-server-core', version: TRINO_VERSION, type: 'tar.gz' };
const CONNECTORS = ['tpch', 'memory'] as const;
const CLI: Artifact = { id: 'trino-cli', version: TRINO_VERSION, type: 'jar', classifier: 'executable' };
const JDBC: Artifact = { id: 'trino-jdbc', version: JDBC_VERSION, type: 'jar' };

const connector = (name: string): Artifact => ({ id: `trino-${name}`, version: TRINO_VERSION, type: 'zip' });

/** The folder of the unpacked server with the tpch and memory connectors; fetched (223 MB) and unpacked the first time. */
export async function serverFolder(jdk: Jdk, say: (line: string) => void): Promise<string> {
  return buildOnce(join(cacheFolder(), `trino-${TRINO_VERSION}`), async (folder) => {
    say(`fetching Trino ${TRINO_VERSION} (223 MB, once) into ${cacheFolder()}`);
    const downloads = join(folder, 'downloads');
    await mkdir(downloads);
    await fetchArtifacts([SERVER, ...CONNECTORS.map(connector)], downloads, say);
    say('unpacking');
    await runCommand('tar', ['xzf', join(downloads, fileName(SERVER)), '-C', folder, '--strip-components=1'], {
      timeoutMs: 300_000,
    });
    for (const name of CONNECTORS) await unpackConnector(jdk, downloads, folder, name);
    await rm(downloads, { recursive: true });
  });
}

async function unpackConnector(jdk: Jdk, downloads: string, folder: string, name: string): Promise<void> {
  const unpacked = join(downloads, name);
  await mkdir(unpacked);
  await runCommand(join(jdk.home, 'bin', 'jar'), ['xf', join(downloads, fileName(connector(name)))], {
    cwd: unpacked,
    timeoutMs: 120_000,
  });
  const [inner] = await readdir(unpacked);
  if (inner === undefined || !(await exists(join(unpacked, inner))))
    throw new Error(`${fileName(connector(name))} is empty`);
  await rename(join(unpacked, inner), join(folder, 'plugin', name));
}

/** The jar files of the Trino CLI (started with `java -jar`) and of the JDBC driver; fetched (30 MB) the first time. */
export async function clientJars(say: (line: string) => void): Promise<{ cli: string; jdbc: string }> {
  const folder = await buildOnce(
    join(cacheFolder(), `trino-clients-${TRINO_VERSION}-${JDBC_VERSION}`),
    async (part) => {
      say(`fetching the Trino CLI ${TRINO_VERSION} and the JDBC driver ${JDBC_VERSION} (30 MB, once)`);
      await fetchArtifacts([CLI, JDBC], part, say);
    },
  );
  return { cli: join(folder, fileName(CLI)), jdbc: join(folder, fileName(JDBC)) };
}
