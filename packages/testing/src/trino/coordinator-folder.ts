import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type CoordinatorSettings, coordinatorFiles, pluginNames } from './coordinator-files.ts';
import type { Jdk } from './jdk.ts';
import { makeKeyStore } from './key-store.ts';
import type { Server } from './server.ts';

/** Where a coordinator keeps its files: the folder it was given, emptied, or a temporary one. */
export type FolderOptions = CoordinatorSettings & { name: string; port: number; folder?: string };

/** Makes the folder a coordinator runs in: its configuration, and links to the plugins of the server. */
export async function makeCoordinatorFolder(settings: FolderOptions, jdk: Jdk, server: Server): Promise<string> {
  const plugins = await Promise.all(pluginNames(settings).map(server.plugin));
  if (settings.folder !== undefined) await rm(settings.folder, { recursive: true, force: true });
  const folder = settings.folder ?? (await mkdtemp(join(tmpdir(), `trino-gateway-${settings.name}-`)));
  await mkdir(join(folder, 'plugin'), { recursive: true });
  for (const plugin of plugins) await symlink(plugin, join(folder, 'plugin', basename(plugin)));
  for (const [path, text] of coordinatorFiles(settings)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode: 0o600 });
  }
  if (settings.httpsPort !== undefined) await makeKeyStore(jdk, join(folder, 'etc', 'keystore.p12'));
  return folder;
}
