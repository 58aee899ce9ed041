import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type CoordinatorSettings, coordinatorFiles, pluginNames } from './coordinator-files.ts';
import { eventListenerPlugin } from './event-listener.ts';
import type { Jdk } from './jdk.ts';
import { makeKeyStore } from './key-store.ts';

/** Where a coordinator keeps its files: the folder it was given, emptied, or a temporary one. */
export type FolderOptions = CoordinatorSettings & { name: string; port: number; folder?: string };

/** Makes the folder a coordinator runs in: its configuration, and links to the plugins of the unpacked server. */
export async function makeCoordinatorFolder(
  settings: FolderOptions,
  jdk: Jdk,
  server: string,
  say: (line: string) => void,
): Promise<string> {
  const listener = settings.events === undefined ? undefined : await eventListenerPlugin(say);
  if (settings.folder !== undefined) await rm(settings.folder, { recursive: true, force: true });
  const folder = settings.folder ?? (await mkdtemp(join(tmpdir(), `trino-gateway-${settings.name}-`)));
  await mkdir(join(folder, 'plugin'), { recursive: true });
  for (const plugin of pluginNames(settings))
    await symlink(join(server, 'plugin', plugin), join(folder, 'plugin', plugin));
  if (listener !== undefined)
    await symlink(join(listener, 'http-event-listener'), join(folder, 'plugin', 'http-event-listener'));
  for (const [path, text] of coordinatorFiles(settings)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode: 0o600 });
  }
  if (settings.httpsPort !== undefined) await makeKeyStore(jdk, join(folder, 'etc', 'keystore.p12'));
  return folder;
}
