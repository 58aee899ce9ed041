import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../processes/start-program.ts';
import { findClassArchive } from './class-archive.ts';
import type { Jdk } from './jdk.ts';
import type { Server } from './server.ts';

/** How the Java of a coordinator is run. */
export type JavaOptions = {
  name: string;
  /** Largest heap; default `768M`. With less, Trino dies of the first tpch query. */
  heap?: string;
  /** Further options of its Java. */
  jvmFlags?: readonly string[];
  /** The file its log is added to; default `server.log` in its folder. */
  logPath?: string;
  /** True leaves it running when this process ends; default false: it ends with this process, however that ends. */
  outlivesUs?: boolean;
};

/** Marks our processes in the process list; followed by the name. */
export const PROCESS_MARK = '-Dtrino-gateway.coordinator=';

/** The program of a coordinator in its folder. */
export async function coordinatorProgram(
  settings: JavaOptions,
  jdk: Jdk,
  server: Server,
  folder: string,
): Promise<Program & { logPath: string }> {
  // 300 jars are too long a command line to read in a process list.
  await writeFile(join(folder, 'java.args'), `-cp "${server.jars.join(':')}"\n`);
  const archive = await findClassArchive(jdk, server.version);
  const args = [
    `${PROCESS_MARK}${settings.name}`,
    `-Xmx${settings.heap ?? '768M'}`,
    // Quick to start and small; not for measuring how fast Trino can be.
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:ReservedCodeCacheSize=128M',
    '-XX:+ExitOnOutOfMemoryError',
    '-XX:+EnableDynamicAgentLoading',
    '-Djdk.attach.allowAttachSelf=true',
    // Else a library starts a second Java only to look at this one.
    '-Djol.skipHotspotSAAttach=true',
    ...server.jvmFlags,
    ...(archive === undefined ? [] : [`-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off']),
    ...(settings.jvmFlags ?? []),
    '-Dconfig=etc/config.properties',
    '@java.args',
    server.mainClass,
  ];
  return {
    command: join(jdk.home, 'bin', 'java'),
    args,
    cwd: folder,
    logPath: settings.logPath ?? join(folder, 'server.log'),
    keepsLog: true,
    ...(settings.outlivesUs && { outlivesUs: true }),
  };
}
