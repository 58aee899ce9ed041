import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommandLine } from './run.ts';
import type { Interruption, Screen } from './terminal/terminal.ts';

const CLEAR = '\x1b[H\x1b[2J';
const REFRESH_MS = 1_000;

// `trino-gateway list queries | head` closes the pipe early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// It ends with Ctrl-C.
const screen: Screen = {
  clear: () => void process.stdout.write(CLEAR),
  nextRefresh: () => delay(REFRESH_MS, true),
};

const interruption = (): Interruption => {
  const interrupted = new AbortController();
  const abort = () => interrupted.abort();
  process.once('SIGINT', abort);
  return { signal: interrupted.signal, [Symbol.dispose]: () => void process.off('SIGINT', abort) };
};

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  screen: process.stdout.isTTY ? screen : undefined,
  interruption,
  env: process.env,
  read: (path) => (path === '-' ? text(process.stdin) : readFile(path, 'utf8')),
});
