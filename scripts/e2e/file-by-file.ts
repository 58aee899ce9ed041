import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileRun, readJestReport } from '@trino-gateway/e2e/conformance/runs';
import { runReal } from './run-real.ts';

const END = '.test.ts';
const { REPORTS, ONLY = '' } = process.env;

/** Whether names were picked, by ONLY=attacks,queueing.long; then only those files are run. */
export const isPicked = ONLY !== '';

const wanted = new Set(ONLY.split(',').filter((name) => name !== ''));

/** Those of these names that are to be run. */
export function pickedOf(names: readonly string[]): readonly string[] {
  return isPicked ? names.filter((name) => wanted.has(name.slice(name.indexOf('/') + 1))) : names;
}

/** All that make e2e runs, in order: `conformance/attacks`, … */
export async function allFiles(): Promise<string[]> {
  const found = await Promise.all(
    ['conformance', 'real'].map(async (room) =>
      (await readdir(join('packages/e2e', room)))
        .filter((file) => file.endsWith(END))
        .sort()
        .map((file) => `${room}/${file.slice(0, -END.length)}`),
    ),
  );
  return found.flat();
}

/** A folder for jest's reports. That which REPORTS names stays; any other goes. */
export async function withReports(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = REPORTS ?? (await mkdtemp(join(tmpdir(), 'trino-gateway-e2e-')));
  try {
    await mkdir(folder, { recursive: true });
    await use(folder);
  } finally {
    if (REPORTS === undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** Where and how one file is run. */
export type FileOptions = { report: string; args?: readonly string[]; env: NodeJS.ProcessEnv };

/** What became of one file. Where its report is there already, from a run that was broken off later, it is not run again. */
export async function runFile(name: string, { report, args = [], env }: FileOptions): Promise<Omit<FileRun, 'name'>> {
  if (!existsSync(report)) await runReal(report, [...args, `packages/e2e/${name}${END}`], { PAIRS: '', ...env });
  if (existsSync(report)) return await readJestReport(report);
  return { tests: [{ groups: [name], title: 'jest wrote no report', status: 'failed', seconds: 0 }], seconds: 0 };
}
