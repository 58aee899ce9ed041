import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { startProgram } from './start-program.ts';
import { untilReady } from './until-ready.ts';

const STOP_MS = 10_000;

/** A running nginx. */
export type Nginx = AsyncDisposable & { url: string; port: number; pid: number };

/** nginx with one worker and kept connections before this address; undefined when it is not installed. `more` is for its `http`. */
export async function startNginx(upstreamUrl: string, more = ''): Promise<Nginx | undefined> {
  const binary = findProgram('nginx');
  if (!binary) return undefined;
  const [port = 0] = await freePorts(1);
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off; ${temporary.join(' ')} ${more}
  upstream trino { server ${new URL(upstreamUrl).host}; keepalive 64; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://trino; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; } }
}
`,
  );
  const program = await startProgram({ command: binary, args: ['-p', folder, '-c', join(folder, 'nginx.conf')] });
  await untilReady(program, 'nginx', { isReady: () => accepts(port), timeLimitMs: 20_000 });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: program.pid,
    [Symbol.asyncDispose]: async () => {
      await program.stop(STOP_MS);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What an nginx says of its version. */
export async function nginxVersion(): Promise<string> {
  const asked = await startProgram({ command: findProgram('nginx') ?? 'nginx', args: ['-v'] });
  await asked.ended;
  return /nginx\/\S+/.exec(asked.output())?.[0] ?? 'nginx';
}

/** Whether somebody listens there. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => resolve(false));
  });
}

/** A program of PATH, or of where Debian keeps those of administrators. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
