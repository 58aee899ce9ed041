import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Ends the processes that the files of a run shared, by their `<name>.json`, and removes the folder of the run. */
export default async function endRun() {
  const folder = process.env.TRINO_GATEWAY_RUN_FOLDER;
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.json')) continue;
    const { pid } = JSON.parse(await readFile(join(folder, name), 'utf8'));
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {} // it has ended by itself
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
