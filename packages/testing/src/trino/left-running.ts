import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cacheFolder } from '../toolchains/cache.ts';
import { type CoordinatorOptions, startCoordinator } from './coordinator.ts';
import { PROCESS_MARK } from './coordinator-program.ts';

/** A coordinator that was started from the command line and outlived that command. */
export type LeftRunning = { name: string; port: number; pid: number; startedAt: string };

const PID_FILE = 'running.json';

/** The folder of the coordinator of that name; its log is `server.log` there. */
export function folderOf(name: string): string {
  return join(cacheFolder(), 'coordinators', name);
}

/** Starts a coordinator that stays up, and writes down how to find it again. Throws when one of that name runs. */
export async function startAndLeave(
  options: CoordinatorOptions & { name: string; port: number },
): Promise<LeftRunning> {
  if ((await find(options.name)) !== undefined) throw new Error(`${options.name} is running: stop it first`);
  const folder = folderOf(options.name);
  const { name, port, pid } = await startCoordinator({ ...options, folder, outlivesUs: true });
  const found = { name, port, pid, startedAt: new Date().toISOString() };
  await writeFile(join(folder, PID_FILE), JSON.stringify(found));
  return found;
}

/** The running coordinator of that name, or undefined. */
export async function find(name: string): Promise<LeftRunning | undefined> {
  const text = await readFile(join(folderOf(name), PID_FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const found: LeftRunning = JSON.parse(text);
  return (await isOurs(found)) ? found : undefined;
}

/** All that run, by name. */
export async function list(): Promise<LeftRunning[]> {
  const names = await readdir(join(cacheFolder(), 'coordinators')).catch(() => []);
  const found = await Promise.all(names.sort().map(find));
  return found.filter((one) => one !== undefined);
}

/** SIGTERM, after 20 seconds SIGKILL; with `hard` SIGKILL at once. Throws when none of that name runs. */
export async function stopLeft(name: string, hard: boolean): Promise<void> {
  const found = await find(name);
  if (found === undefined) throw new Error(`${name} is not running`);
  process.kill(found.pid, hard ? 'SIGKILL' : 'SIGTERM');
  for (const deadline = Date.now() + 20_000; await isOurs(found); await sleep(100)) {
    if (Date.now() > deadline) process.kill(found.pid, 'SIGKILL');
  }
  await rm(join(folderOf(name), PID_FILE), { force: true });
}

/** A process id alone could be somebody else's by now. */
async function isOurs({ pid, name }: LeftRunning): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'stat=,command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.split(/\s+/).includes(`${PROCESS_MARK}${name}`) && !stdout.startsWith('Z');
}
