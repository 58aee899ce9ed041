import { runCommandLine } from '../../src/run.ts';
import type { Interruption, Screen } from '../../src/terminal/terminal.ts';

/** What a command printed and its exit code. */
export type Ran = { code: number; out: string; err: string };

/** What surrounds a command: environment, files by their names (`-` is standard input), the terminal. */
export type Surroundings = {
  env?: Record<string, string>;
  files?: Record<string, string>;
  columns?: number;
  screen?: Screen;
  interruption?: () => Interruption;
};

/** Runs a command line in this process. */
export async function runCommand(argv: readonly string[], surroundings: Surroundings = {}): Promise<Ran> {
  const { env = {}, files = {}, columns, screen, interruption } = surroundings;
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommandLine(argv, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    columns,
    screen,
    ...(interruption && { interruption }),
    env,
    read: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}
