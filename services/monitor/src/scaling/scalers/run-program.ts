import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { pause } from '@trino-gateway/runtime';

/** How a program ended, and the end of what it printed. */
export type ProgramEnd = { code: number | null; signal: NodeJS.Signals | null; output: string; errors: string };

const MOST_KEPT_BYTES = 4_096;
/** A process that it left behind may hold its streams open: they are not waited for. */
const LAST_OUTPUT_MS = 200;

/**
 * Runs a program to its end, without a shell, in a process group of its own, which is killed when the signal is aborted. It keeps only
 * the end of what is printed, and waits for no process that the program left behind.
 * @throws Error when it cannot be run, or the signal's reason
 */
export async function runProgram(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ProgramEnd> {
  signal.throwIfAborted();
  const child = spawn(path, args, { env: { ...env }, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = endOf(child.stdout);
  const errors = endOf(child.stderr);
  const closed = once(child, 'close');
  closed.catch(() => {}); // told by the next line
  const kill = () => killGroup(child);
  signal.addEventListener('abort', kill);
  try {
    await once(child, 'exit');
    await Promise.race([closed, pause(LAST_OUTPUT_MS, signal)]);
  } finally {
    signal.removeEventListener('abort', kill);
    child.stdout.destroy();
    child.stderr.destroy();
  }
  signal.throwIfAborted();
  return { code: child.exitCode, signal: child.signalCode, output: output(), errors: errors() };
}

function endOf(stream: NodeJS.ReadableStream): () => string {
  let kept = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk.subarray(-MOST_KEPT_BYTES)]).subarray(-MOST_KEPT_BYTES);
  });
  return () => kept.toString();
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
