import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';

/** A real cluster that all files of a run use: none of them ends it, nor changes what others would see. */
export type SharedCluster = Pick<Coordinator, 'url'>;

const settings = {
  /** Trusts X-Forwarded-*. */
  accepting: {},
  /** Answers 406 to them. */
  rejecting: { processForwarded: false },
};

/** Starts it for the first file of a run that asks; it ends with the run. */
export async function sharedCluster(kind: keyof typeof settings): Promise<SharedCluster> {
  const folder = process.env.TRINO_GATEWAY_RUN_FOLDER;
  if (folder === undefined) throw new Error('shared clusters belong to a run of the project "real"');
  const file = join(folder, `${kind}.json`);
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return JSON.parse(known) as SharedCluster;
  // Many clients work with it, one file after the other: what they leave behind needs room.
  const options = { ...settings[kind], name: `shared-${kind}`, heap: '1200M', folder: join(folder, kind) };
  const { url, pid } = await startCoordinator({ ...options, say: (line) => void process.stderr.write(`${line}\n`) });
  await writeFile(file, JSON.stringify({ url, pid }));
  return { url };
}
