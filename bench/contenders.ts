import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { accepts, findProgram, startNginx as start } from '@trino-gateway/testing/processes/nginx';
import { type RunningProgram, startProgram } from '@trino-gateway/testing/processes/start-program';
import { untilReady } from '@trino-gateway/testing/processes/until-ready';

const STOP_MS = 10_000;

/** Something between the client and the coordinator; `pids` are the processes whose cost is its cost. */
export type Contender = AsyncDisposable & { name: string; url: string; pids: number[] };

/** The scripted coordinator in a process of its own. */
export async function startCoordinator(options: readonly string[] = ['--rows', '1']): Promise<Contender> {
  const [port = 0] = await freePorts(1);
  const main = fileURLToPath(new URL('../packages/testing/src/scripted-trino/main.ts', import.meta.url));
  const program = await startProgram({
    command: process.execPath,
    args: [main, '--port', String(port), ...options],
  });
  return running('direct', program, port);
}

/** nginx with one worker and kept connections; undefined when it is not installed. */
export async function startNginx(coordinatorUrl: string): Promise<Contender | undefined> {
  const nginx = await start(coordinatorUrl);
  return nginx && { ...nginx, name: 'nginx', pids: [nginx.pid] };
}

/** haproxy with one thread; undefined when it is not installed. */
export async function startHaproxy(coordinatorUrl: string): Promise<Contender | undefined> {
  const binary = findProgram('haproxy');
  if (!binary) return undefined;
  const [port = 0] = await freePorts(1);
  const folder = await mkdtemp(join(tmpdir(), 'bench-haproxy-'));
  await writeFile(
    join(folder, 'haproxy.cfg'),
    `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend trino
backend trino
  server one ${new URL(coordinatorUrl).host}
`,
  );
  const program = await startProgram({ command: binary, args: ['-f', join(folder, 'haproxy.cfg'), '-db'] });
  return running('haproxy', program, port, folder);
}

async function running(name: string, program: RunningProgram, port: number, folder?: string): Promise<Contender> {
  await untilReady(program, name, { isReady: () => accepts(port), timeLimitMs: 20_000 });
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    pids: [program.pid],
    [Symbol.asyncDispose]: async () => {
      await program.stop(STOP_MS);
      if (folder) await rm(folder, { recursive: true, force: true });
    },
  };
}
