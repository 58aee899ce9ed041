import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describeError, type Handler, type Logger } from '@trino-gateway/runtime';
import { answerError } from './answer-error.ts';

/**
 * A handler that may throw: that ends the request, not the process. The RPC adapter throws at a request without a valid Host: its
 * client is told so. Everything else is an internal error, answered with nothing but an id, under which it is logged.
 */
export function catchErrors(handler: Handler, logger: Logger): Handler {
  return (request, response) => {
    try {
      handler(request, response);
    } catch (error) {
      if (!namesHost(request) && !response.headersSent) {
        answerError(response, 400, 'invalid_argument', 'host: expected the address that was asked for');
        return;
      }
      const requestId = randomUUID();
      const stack = error instanceof Error ? error.stack : undefined;
      const fields = { method: request.method, requestId, error: describeError(error), stack };
      logger.error('unhandled error in request handler', fields);
      if (response.headersSent) response.destroy();
      else answerError(response, 500, 'internal', `internal error (request ${requestId})`);
    }
  };
}

/** HTTP/2 names the host in `:authority`. */
function namesHost(request: IncomingMessage & { authority?: string }): boolean {
  const host = request.authority ?? request.headers.host ?? '';
  return URL.canParse(`http://${host}`);
}
