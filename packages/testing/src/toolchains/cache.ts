import { randomUUID } from 'node:crypto';
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where downloads live, outside the clone: TRINO_GATEWAY_CACHE, else `trino-gateway` under XDG_CACHE_HOME or ~/.cache. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.TRINO_GATEWAY_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'trino-gateway'));
}

/** True when something exists at that path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Makes sure that the folder `target` exists with all that `build` writes into the folder it is given, and answers `target`.
 * The folder appears whole or not at all: it is built under another name and renamed. Processes that ask for the same
 * folder at the same time wait for the one that builds it; a lock left by a dead process is taken over.
 */
export async function buildOnce(
  target: string,
  build: (folder: string) => Promise<void>,
  options: { waitMs?: number } = {},
): Promise<string> {
  if (await exists(target)) return target;
  await mkdir(dirname(target), { recursive: true });
  await using _lock = await lock(`${target}.lock`, options.waitMs ?? 1_800_000);
  if (await exists(target)) return target;
  await removeLeftovers(target);
  const part = await mkdtemp(`${target}.part-`);
  try {
    await build(part);
    await rename(part, target);
  } catch (error) {
    // Two builders are possible when both take over a dead lock; then the first one's folder stands.
    if (!isCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return target;
}

async function removeLeftovers(target: string): Promise<void> {
  const prefix = `${basename(target)}.part-`;
  for (const name of await readdir(dirname(target))) {
    if (name.startsWith(prefix)) await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}

async function lock(path: string, waitMs: number): Promise<AsyncDisposable> {
  const mine = `${path}.${process.pid}.${randomUUID()}`;
  await writeFile(mine, String(process.pid));
  try {
    for (const deadline = Date.now() + waitMs; ; ) {
      try {
        await link(mine, path); // atomic, and the owner's id is in it from the first moment
        return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
      } catch (error) {
        if (!isCode(error, 'EEXIST')) throw error;
      }
      const owner = Number(await readFile(path, 'utf8').catch(() => ''));
      if (owner > 0 && !isAlive(owner)) await rm(path, { force: true });
      else if (Date.now() > deadline) throw new Error(`waited ${waitMs} ms for process ${owner}, which holds ${path}`);
      else await sleep(200);
    }
  } finally {
    await rm(mine, { force: true });
  }
}

/** True while a process with that id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isCode(error, 'ESRCH');
  }
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));
}
