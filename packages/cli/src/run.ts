import { CommanderError } from 'commander';
import { createProgram } from './program.ts';
import { oneLine } from './terminal/one-line.ts';
import type { Terminal } from './terminal/terminal.ts';
import { UsageError } from './terminal/usage-error.ts';

/** Runs one command line. @returns the exit code: 0 done, 1 a call failed, 2 wrong usage, 3 the answer is no, 130 interrupted while it waited */
export async function runCommandLine(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const program = createProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UsageError) {
      for (const line of error.message.split('\n')) terminal.err(oneLine(line));
      return 2;
    }
    terminal.err(oneLine(error instanceof Error ? error.message : String(error)));
    return 1;
  }
}
