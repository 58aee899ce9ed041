import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for what the files of one run share; its path is in the environment of all of them. */
export default async function makeRunFolder() {
  process.env.TRINO_GATEWAY_RUN_FOLDER = await mkdtemp(join(tmpdir(), 'trino-gateway-run-'));
}
