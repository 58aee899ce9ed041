import { readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The processes of the suite. */
export type ServiceName = 'gatewayserver' | 'monitor' | 'router';

/** What to spawn; the process has the pid of the child. */
export type StartCommand = { command: string; args: string[]; cwd: string; path: string };

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** How `pnpm start:SERVICE` starts a service, without pnpm and with the Node that runs now. */
export function startCommand(service: ServiceName, args: readonly string[] = []): StartCommand {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: Record<string, string> };
  return {
    command: '/bin/sh',
    args: ['-c', `${scripts[`start:${service}`]} "$@"`, service, ...args],
    cwd: ROOT,
    path: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  };
}
