import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '@trino-gateway/testing/processes/until';
import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import type { CoordinatorSettings } from '@trino-gateway/testing/trino/coordinator-files';
import { chosenVersion, NEWEST_VERSION } from '@trino-gateway/testing/trino/versions';
import { guardedSettings } from './guarded-cluster.ts';

/**
 * A real cluster that several files of a run use at a time: none of them ends it, changes what others would see, or counts what
 * runs there.
 */
export type SharedCluster = Pick<Coordinator, 'url'>;

const settings = {
  /** Trusts X-Forwarded-*, unless the run is one without (TRINO_GATEWAY_PROCESS_FORWARDED). */
  accepting: async () => ({ processForwarded: process.env.TRINO_GATEWAY_PROCESS_FORWARDED !== 'false' }),
  /** Answers 406 to them; understands clients that say X-Presto, and takes longer statements than others. */
  rejecting: async () => ({
    processForwarded: false,
    properties: { 'protocol.v1.alternate-header-name': 'Presto', 'query.max-length': '20000000' },
  }),
  /** Trusts them, and asks for passwords or tokens. */
  guarded: guardedSettings,
  /** The newest release, whatever else the run is on. */
  newest: async () => ({ version: NEWEST_VERSION }),
} satisfies Record<string, (folder: string) => Promise<CoordinatorSettings>>;

const STARTED_WITHIN_MS = 300_000;

/** Starts it for the first file of a run that asks; others wait for that. It ends with the run. */
export async function sharedCluster(kind: keyof typeof settings): Promise<SharedCluster> {
  if (kind === 'newest' && chosenVersion() === NEWEST_VERSION) return sharedCluster('accepting');
  const folder = process.env.TRINO_GATEWAY_RUN_FOLDER;
  if (folder === undefined) throw new Error('shared clusters belong to a run of the project "real"');
  const file = join(folder, `${kind}.json`);
  const started = async () => JSON.parse(await readFile(file, 'utf8')) as SharedCluster;
  const isFirst = await mkdir(join(folder, `${kind}.starting`)).then(
    () => true,
    () => false,
  );
  if (!isFirst) return await until(`the shared cluster ${kind}`, started, STARTED_WITHIN_MS, 200);
  // Many clients work with it: what they leave behind needs room.
  const options = {
    ...(await settings[kind](folder)),
    name: `shared-${kind}`,
    heap: '1200M',
    folder: join(folder, kind),
  };
  const { url, pid } = await startCoordinator({
    ...options,
    // It outlives the worker that started it: the end of the run ends it.
    outlivesUs: true,
    say: (line) => void process.stderr.write(`${line}\n`),
  });
  await writeFile(`${file}.part`, JSON.stringify({ url, pid }));
  await rename(`${file}.part`, file);
  return { url };
}
