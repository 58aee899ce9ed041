import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../processes/start-program.ts';
import { findClassArchive } from './class-archive.ts';
import type { Jdk } from './jdk.ts';

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
  server: string,
  folder: string,
): Promise<Program & { logPath: string }> {
  const jars = (await readdir(join(server, 'lib'))).filter((name) => name.endsWith('.jar')).sort();
  // 300 jars are too long a command line to read in a process list.
  const classpath = jars.map((name) => join(server, 'lib', name)).join(':');
  await writeFile(join(folder, 'java.args'), `-cp "${classpath}"\n`);
  const archive = await findClassArchive(jdk);
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
    ...(archive === undefined ? [] : [`-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off']),
    ...(settings.jvmFlags ?? []),
    '-Dconfig=etc/config.properties',
    '@java.args',
    'io.trino.server.TrinoServer',
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
