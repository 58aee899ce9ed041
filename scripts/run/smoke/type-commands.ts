import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunningMake } from './running-suite.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const WITHIN_MS = 60_000;

/** What a typed command did: `problem` is empty when it ended with 0. */
export type Typed = { command: string; output: string; problem: string };

/** Types one command into a shell at the root of the clone, with the addresses of this suite in place of the default ones. */
export function type(command: string, { urls }: RunningMake, env: NodeJS.ProcessEnv = {}): Promise<Typed> {
  const line = command.replaceAll('http://localhost:8000', urls.api).replaceAll('http://localhost:8080', urls.clients);
  const options = {
    cwd: ROOT,
    timeout: WITHIN_MS,
    env: { ...process.env, NODE_OPTIONS: '', TRINO_GATEWAY_URL: urls.api, ...env },
  };
  return new Promise((resolve) => {
    // --fail-with-body: a refusal is no success, also where the page leaves the option out for being short.
    const shell = `curl() { command curl --silent --show-error --fail-with-body "$@"; }\n${line}`;
    execFile('bash', ['-euo', 'pipefail', '-c', shell], options, (error, stdout, stderr) => {
      resolve({ command, output: stdout, problem: error ? `${error.message}\n${stdout}${stderr}` : '' });
    });
  });
}
