import { join } from 'node:path';
import { need, PREPARE_MS } from './need.ts';
import { prepared } from './prepared.ts';
import { runCommand } from './run-command.ts';

/**
 * A Python with the packages that a requirements file pins, in a virtual environment in the cache. Throws MissingToolError
 * without Python 3.10 or its venv.
 * @param onInstall called before they are installed, which takes a while
 */
export async function pythonEnvironment(name: string, requirements: string, onInstall: () => void): Promise<string> {
  await need(
    'python3',
    ['-c', 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 10))'],
    'Python 3.10 or newer with venv',
  );
  const folder = await prepared(name, [requirements], async (part) => {
    onInstall();
    await runCommand('python3', ['-m', 'venv', part], { timeoutMs: PREPARE_MS });
    await runCommand(join(part, 'bin', 'python'), ['-m', 'pip', 'install', '-q', '-r', requirements], {
      timeoutMs: PREPARE_MS,
    });
  });
  return join(folder, 'bin', 'python');
}
