import { execFileSync } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { startProgram } from '@trino-gateway/testing/processes/start-program';

/** Runs tests of the project `real`, one file at a time, and has jest write what came of them to `report`. */
export async function runReal(report: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const program = await startProgram({
    command: process.execPath,
    args: [
      ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
      ...['--selectProjects', 'real', '--runInBand', '--testTimeout', '900000', '--json', '--outputFile', report],
      ...args,
    ],
    env: { ...process.env, ...env },
    onLine: (line) => console.log(line),
  });
  await program.ended;
}

/** Where records are kept; RECORD names another file, or none if it is empty. */
const RECORD = process.env.RECORD ?? 'packages/e2e/RECORDS.md';

/** Prints a record, and keeps it. */
export async function keepRecord(title: string, lines: readonly string[]): Promise<void> {
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = `${availableParallelism()} cores, load ${loadavg()[1]?.toFixed(0)} at the end`;
  const text = [`## ${date} UTC · ${title} · Node ${process.version} · commit ${commit} · ${machine}`, '', ...lines];
  console.log(text.join('\n'));
  if (RECORD !== '') await appendFile(RECORD, `\n${text.join('\n')}\n`);
}
