import type { Registry } from 'prom-client';
import type { Address } from './address.ts';
import { type Listener, listenHttp } from './http-listener.ts';
import { describeError, type Logger } from './logger.ts';

/** Whether the process accepts work; the reason is shown to whoever asks. */
export type Readiness = () => { ready: boolean; reason?: string };

/** Serves /livez, /readyz and /metrics. */
export function serveOps(address: Address, readiness: Readiness, metrics: Registry, logger: Logger): Promise<Listener> {
  return listenHttp(address, (request, response) => {
    const answer = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    };
    switch (request.url?.split('?')[0]) {
      case '/livez':
        return answer(200, 'text/plain', 'ok\n');
      case '/readyz': {
        const { ready, reason } = readiness();
        return answer(ready ? 200 : 503, 'text/plain', `${ready ? 'ready' : (reason ?? 'not ready')}\n`);
      }
      case '/metrics':
        metrics.metrics().then(
          (text) => answer(200, metrics.contentType, text),
          (error) => {
            logger.error('metrics could not be collected', { error: describeError(error) });
            answer(500, 'text/plain', 'metrics could not be collected\n');
          },
        );
        return;
      default:
        return answer(404, 'text/plain', 'not found: /livez, /readyz and /metrics are served here\n');
    }
  });
}
