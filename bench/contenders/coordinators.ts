import { fileURLToPath } from 'node:url';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { startProgram } from '@trino-gateway/testing/processes/start-program';
import { program } from '../load/load.ts';
import type { Certificates } from './certificates.ts';
import { type Contender, running } from './contender.ts';

const NODE_COORDINATOR = fileURLToPath(new URL('../../packages/testing/src/scripted-trino/main.ts', import.meta.url));

/** The cheapest scripted coordinator there is, in a process of its own: in Go, and with TLS when it has certificates; else in Node, without. */
export async function startCoordinator(certificates?: Certificates): Promise<AsyncDisposable & Contender> {
  if (program === undefined) return startNodeCoordinator(['--rows', '1']);
  const [plain = 0, tls = 0] = await freePorts(2);
  const args = ['backend', '--listen', `127.0.0.1:${plain}`];
  if (certificates === undefined)
    return running('direct', await startProgram({ command: program.path, args }), { plain });
  const { ca, cert, key } = certificates;
  args.push('--tls-listen', `127.0.0.1:${tls}`, '--cert', cert, '--key', key);
  return running('direct', await startProgram({ command: program.path, args }), { plain, tls, ca });
}

/** The scripted coordinator of the tests, which knows more of Trino. */
export async function startNodeCoordinator(options: readonly string[]): Promise<AsyncDisposable & Contender> {
  const [plain = 0] = await freePorts(1);
  const args = [NODE_COORDINATOR, '--port', String(plain), ...options];
  return running('direct', await startProgram({ command: process.execPath, args }), { plain });
}
