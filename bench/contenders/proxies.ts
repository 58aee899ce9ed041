import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { findProgram, startNginx as start } from '@trino-gateway/testing/processes/nginx';
import { startProgram } from '@trino-gateway/testing/processes/start-program';
import type { Certificates } from './certificates.ts';
import { type Contender, running } from './contender.ts';

type Proxy = AsyncDisposable & Contender;

/** The same nginx, told that pages are large: its defaults read them in pieces of a few KB. */
export const NGINX_LARGE_BUFFERS = {
  name: 'nginx, large buffers',
  more: 'proxy_buffer_size 64k; proxy_buffers 16 64k; proxy_busy_buffers_size 256k;',
};

/** nginx with one worker and kept connections, plain and with TLS; undefined when it is not installed. */
export async function startNginx(
  upstreamUrl: string,
  { ca, cert, key }: Certificates,
  { name, more }: { name: string; more: string } = { name: 'nginx', more: '' },
): Promise<Proxy | undefined> {
  const [tls = 0] = await freePorts(1);
  // Connections are kept for as long as the load lasts, and large pages never touch the disk.
  const settings = `keepalive_requests 100000000; proxy_max_temp_file_size 0; ${more}
  server {
    listen 127.0.0.1:${tls} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};
    location / { proxy_pass http://trino; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https; }
  }`;
  const nginx = await start(upstreamUrl, settings);
  return nginx && { ...nginx, name, tls: { url: `https://127.0.0.1:${tls}`, ca }, pids: [nginx.pid] };
}

/** haproxy with one thread, plain and with TLS; undefined when it is not installed. */
export async function startHaproxy(upstreamUrl: string, { ca, both }: Certificates): Promise<Proxy | undefined> {
  const command = findProgram('haproxy');
  if (command === undefined) return undefined;
  const [plain = 0, tls = 0] = await freePorts(2);
  const folder = await mkdtemp(join(tmpdir(), 'bench-haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  await writeFile(
    file,
    `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:${plain}
  bind 127.0.0.1:${tls} ssl crt ${both}
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  default_backend trino
backend trino
  server one ${new URL(upstreamUrl).host}
`,
  );
  const program = await startProgram({ command, args: ['-f', file, '-db'] });
  return running('haproxy', program, { plain, tls, ca }, folder);
}
