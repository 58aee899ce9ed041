import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
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
  const binary = find('nginx');
  if (!binary) return undefined;
  const [port = 0] = await freePorts(1);
  const folder = await mkdtemp(join(tmpdir(), 'bench-nginx-'));
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream trino { server ${new URL(coordinatorUrl).host}; keepalive 64; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://trino; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; } }
}
`,
  );
  const program = await startProgram({ command: binary, args: ['-p', folder, '-c', join(folder, 'nginx.conf')] });
  return running('nginx', program, port, folder);
}

/** haproxy with one thread; undefined when it is not installed. */
export async function startHaproxy(coordinatorUrl: string): Promise<Contender | undefined> {
  const binary = find('haproxy');
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

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => resolve(false));
  });
}

function find(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
