import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findInPath } from './find-in-path.ts';
import { MissingToolError } from './missing-tool.ts';

/** The longest that a tool may take to install or to build something. */
export const PREPARE_MS = 1_200_000;

/** Runs a command that tells whether a tool is there, and answers what it printed. @throws MissingToolError, naming `what` */
export async function need(command: string, args: readonly string[], what: string): Promise<string> {
  if ((await findInPath(command)) === undefined) throw new MissingToolError(`needs ${what}`);
  const { stdout } = await promisify(execFile)(command, args, { timeout: PREPARE_MS }).catch((error) => {
    // Too slow is not the same as missing: a skip would hide it.
    if (error.killed) throw new Error(`${command} ${args.join(' ')} took too long`, { cause: error });
    throw new MissingToolError(`needs ${what}`, { cause: error });
  });
  return stdout;
}
