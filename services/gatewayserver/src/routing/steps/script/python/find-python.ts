import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ScriptError } from '../running/executor.ts';

const LIMIT_MS = 10_000;
const PROGRAM = 'import sys; assert sys.version_info >= (3, 10); print(sys.executable)';

let found: Promise<string> | undefined;

/**
 * The path of the Python 3 that PATH leads to: the program itself, which needs no environment.
 * @throws ScriptError when there is none that is new enough
 */
export function findPython(): Promise<string> {
  found ??= promisify(execFile)('python3', ['-I', '-c', PROGRAM], { timeout: LIMIT_MS }).then(
    ({ stdout }) => stdout.trim(),
    () => {
      found = undefined; // it may be installed later
      throw new ScriptError('scripts in Python need python3, 3.10 or newer, in the PATH of this gatewayserver');
    },
  );
  return found;
}
