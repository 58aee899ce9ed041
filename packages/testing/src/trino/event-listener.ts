import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce, cacheFolder } from '../toolchains/cache.ts';
import { runCommand } from '../toolchains/run-command.ts';
import { type Artifact, fetchArtifacts, fileName } from './maven.ts';
import { TRINO_VERSION } from './versions.ts';

const WHOLE_SERVER: Artifact = { id: 'trino-server', version: TRINO_VERSION, type: 'tar.gz' };

/**
 * The folder of the plugin that posts query events. It is published only inside the whole server: 821 MB are fetched the
 * first time, and 3 MB of them kept.
 */
export async function eventListenerPlugin(say: (line: string) => void): Promise<string> {
  return buildOnce(join(cacheFolder(), `trino-${TRINO_VERSION}-http-event-listener`), async (folder) => {
    say(`fetching all of Trino ${TRINO_VERSION} for its event listener (821 MB, once)`);
    const downloads = join(folder, 'downloads');
    await mkdir(downloads);
    await fetchArtifacts([WHOLE_SERVER], downloads, say);
    say('unpacking');
    // Whole: jars that several plugins share are links to the first of them.
    await runCommand('tar', ['xzf', join(downloads, fileName(WHOLE_SERVER)), '-C', downloads], { timeoutMs: 600_000 });
    await rename(
      join(downloads, `trino-server-${TRINO_VERSION}`, 'plugin', 'http-event-listener'),
      join(folder, 'http-event-listener'),
    );
    await rm(downloads, { recursive: true });
  });
}
