import type { IncomingMessage } from 'node:http';
import { type Address, isLoopback } from '../http/address.ts';
import { comparison, tokensOf } from '../http/bearer-tokens.ts';
import { type Handler, type Listener, listenHttp } from '../http/listener.ts';
import { namesLoopback } from '../http/named-hosts.ts';
import { describeError, isLogLevel, LOG_LEVELS, type Logger } from '../logging/logger.ts';

/** Whether the process accepts work; the reason, or what does not work all the same, is shown to whoever asks. */
export type Readiness = () => { ready: boolean; reason?: string };

/** What /metrics answers with. */
export type ServedMetrics = { readonly contentType: string; metrics(): Promise<string> };

type Answer = { status: number; body: string; type?: string; allow?: string };

const LONGEST_LEVEL = 100;

/**
 * Serves /livez, /readyz, /metrics and /log-level. A PUT changes the level: it needs the token, or where there is none
 * comes from this machine.
 */
export function serveOps(
  address: Address,
  readiness: Readiness,
  metrics: ServedMetrics,
  logger: Logger,
  token?: string,
): Promise<Listener> {
  const refusalOf = writeGuard(token);
  const answerTo = async (request: IncomingMessage): Promise<Answer> => {
    const { method = 'GET' } = request;
    const path = request.url?.split('?')[0];
    const isRead = method === 'GET' || method === 'HEAD';
    switch (path) {
      case '/livez':
        return isRead ? { status: 200, body: 'ok' } : notAllowed('GET, HEAD');
      case '/readyz': {
        if (!isRead) return notAllowed('GET, HEAD');
        const { ready, reason } = readiness();
        return {
          status: ready ? 200 : 503,
          body: ready ? (reason === undefined ? 'ready' : `ready: ${reason}`) : (reason ?? 'not ready'),
        };
      }
      case '/metrics':
        if (!isRead) return notAllowed('GET, HEAD');
        return { status: 200, type: metrics.contentType, body: (await metrics.metrics()).trimEnd() };
      case '/log-level':
        if (isRead) return { status: 200, body: logger.level };
        if (method !== 'PUT') return notAllowed('GET, HEAD, PUT');
        return refusalOf(request) ?? setLevel(logger, await textOf(request));
      default:
        return { status: 404, body: 'not found: /livez, /readyz, /metrics and /log-level are served here' };
    }
  };
  const handler: Handler = (request, response) => {
    const write = ({ status, type = 'text/plain', body, allow }: Answer) => {
      response.writeHead(status, { 'content-type': type, ...(allow && { allow }) });
      response.end(request.method === 'HEAD' ? undefined : `${body}\n`);
    };
    answerTo(request).then(write, (error) => {
      if (response.destroyed) return;
      logger.error('a request to the ops port failed', { error: describeError(error) });
      write({ status: 500, body: 'internal error: see the log' });
    });
  };
  return listenHttp(address, handler);
}

function writeGuard(token: string | undefined): (request: IncomingMessage) => Answer | undefined {
  if (token === undefined)
    return (request) =>
      isLoopback(request.socket.remoteAddress ?? '') && namesLoopback(request)
        ? undefined
        : { status: 403, body: 'without a token only this machine may change the level, at 127.0.0.1' };
  const matches = comparison(token);
  return ({ headers }) =>
    tokensOf(headers).some(matches)
      ? undefined
      : { status: 401, body: 'expected the token as "X-Auth-Key: <token>" or "Authorization: Bearer <token>"' };
}

function setLevel(logger: Logger, text: string): Answer {
  if (!isLogLevel(text)) return { status: 400, body: `expected one of ${LOG_LEVELS.join(', ')} as the body` };
  const before = logger.level;
  logger.level = text;
  if (before !== text) logger.warn('the log level was changed', { from: before, to: text });
  return { status: 200, body: text };
}

function notAllowed(allow: string): Answer {
  return { status: 405, body: `expected ${allow}`, allow };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LONGEST_LEVEL) break;
  }
  return text.trim();
}
