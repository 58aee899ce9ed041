import { readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Program } from '../processes/start-program.ts';

/** The processes of the suite. */
export const SERVICES = ['gatewayserver', 'monitor', 'router'] as const;
export type ServiceName = (typeof SERVICES)[number];

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** How `pnpm start:SERVICE` starts a service, without pnpm and with the Node that runs now; the process has the pid of the child. */
export function startScript(
  service: ServiceName,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): Program & { cwd: string; env: NodeJS.ProcessEnv } {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: Record<string, string> };
  return {
    command: '/bin/sh',
    args: ['-c', `${scripts[`start:${service}`]} "$@"`, service, ...args],
    cwd: ROOT,
    env: { ...env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` },
  };
}
