import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { runCommandLine } from './run.ts';

// `trino-gateway list queries | head` closes the pipe early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  env: process.env,
  read: (path) => (path === '-' ? text(process.stdin) : readFile(path, 'utf8')),
});
