import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { serverFolder } from './artifacts.ts';
import { assembledServer } from './assembled-server.ts';
import { eventListenerPlugin } from './event-listener.ts';
import type { Jdk } from './jdk.ts';
import { NEWEST_VERSION, TRINO_VERSION, type TrinoVersion } from './versions.ts';

/** What a coordinator is started from. */
export type Server = {
  version: TrinoVersion;
  /** The folder that holds it. */
  home: string;
  /** Its class path. */
  jars: readonly string[];
  mainClass: string;
  /** What its Java must be told. */
  jvmFlags: readonly string[];
  /** The folder of that plugin, fetched when need be. */
  plugin(name: string): Promise<string>;
};

/** The server of that version; fetched the first time. */
export function trinoServer(version: TrinoVersion, jdk: Jdk, say: (line: string) => void): Promise<Server> {
  return version === NEWEST_VERSION ? newestServer(jdk, say) : publishedServer(jdk, say);
}

async function publishedServer(jdk: Jdk, say: (line: string) => void): Promise<Server> {
  const home = await serverFolder(jdk, say);
  return {
    version: TRINO_VERSION,
    home,
    jars: await jarsOf(home),
    mainClass: 'io.trino.server.TrinoServer',
    jvmFlags: [],
    plugin: async (name) => {
      const folder = name === 'http-event-listener' ? await eventListenerPlugin(say) : join(home, 'plugin');
      return join(folder, name);
    },
  };
}

/** It has the two connectors of its own. Its other plugins are not published: those of the last published release work with it. */
async function newestServer(jdk: Jdk, say: (line: string) => void): Promise<Server> {
  const { home, startJar } = await assembledServer(jdk, say);
  const own = await readdir(join(home, 'plugin'));
  return {
    version: NEWEST_VERSION,
    home,
    jars: [...(await jarsOf(home)), startJar],
    mainClass: 'Start',
    // As in its own jvm.config.
    jvmFlags: [
      '--add-modules=jdk.incubator.vector',
      '--sun-misc-unsafe-memory-access=allow',
      '--enable-native-access=ALL-UNNAMED',
      `-Dtrino-gateway.version=${NEWEST_VERSION}`,
    ],
    plugin: async (name) =>
      own.includes(name) ? join(home, 'plugin', name) : (await publishedServer(jdk, say)).plugin(name),
  };
}

async function jarsOf(home: string): Promise<string[]> {
  const jars = (await readdir(join(home, 'lib'))).filter((name) => name.endsWith('.jar')).sort();
  return jars.map((name) => join(home, 'lib', name));
}
