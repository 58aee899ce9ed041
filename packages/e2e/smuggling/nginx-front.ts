import { nginxVersion, startNginx } from '@trino-gateway/testing/processes/nginx';
import type { Front } from './front.ts';
import { overTcp } from './wire/raw-client.ts';
import { startRecorder } from './wire/recorder.ts';

/** nginx as a reverse proxy in front of one recording coordinator; undefined when it is not installed. */
export async function startNginxFront(): Promise<(Front & AsyncDisposable) | undefined> {
  await using started = new AsyncDisposableStack();
  const recorder = started.use(await startRecorder('nginx'));
  const nginx = await startNginx(recorder.url, 'proxy_read_timeout 3s; client_max_body_size 16m;');
  if (nginx === undefined) return undefined;
  started.use(nginx);
  const owned = started.move();
  return {
    name: await nginxVersion(),
    authority: `127.0.0.1:${nginx.port}`,
    connect: overTcp(nginx.port),
    requests: recorder,
    answers: recorder,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
