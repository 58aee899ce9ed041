import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HandlerContext } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { GatewayserverConfig } from '@trino-gateway/config';
import type { Handler } from '@trino-gateway/runtime';
import { settleCompleted } from '../admission/background/settle-completed.ts';
import { serveApiPage } from '../api-page/serve-api-page.ts';
import { type EventMetrics, serveEvents } from '../events/serve.ts';
import { answerError } from '../http/answer-error.ts';
import { catchErrors } from '../http/catch-errors.ts';
import { refuseCrossSite } from '../http/open-access.ts';
import { serveRest } from '../rest/serve-rest.ts';
import { registerServices } from '../rpc/register-services.ts';
import type { RpcContext } from '../rpc/services/context.ts';
import { type CallObserver, createGuard, guardInterceptor, requireToken } from '../rpc/transport/interceptors.ts';
import { JSON_OPTIONS } from '../rpc/transport/json-options.ts';
import { withOutgoingErrors } from '../rpc/transport/outgoing-errors.ts';
import { serveCallStream } from '../rpc/transport/serve-call-stream.ts';

const MOST_REQUEST_BYTES = 64 * 1024 * 1024;

/** Serves some paths; answers false for all others. */
type PathHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

type Parts = {
  config: GatewayserverConfig;
  metrics: EventMetrics & { countCall: CallObserver };
  started: AsyncDisposableStack;
};

/** Serves RPCs, REST, events of clusters and the API page on one port. */
export function createHandler(context: RpcContext, { config, metrics, started }: Parts): Handler {
  const { logger } = context;
  const guard = createGuard(logger, metrics.countCall);
  const others: PathHandler[] = [serveApiPage(logger), eventHandler(context, { config, metrics, started })];
  const { admin_token: admin, read_token: read, open_reads: openReads } = config;
  const authorize = requireToken({ admin, read, openReads });
  let carries = (_request: IncomingMessage) => false;
  const serve = connectNodeAdapter({
    routes: (router) => {
      const methods = registerServices(router, context, guard);
      carries = serveCallStream({
        ...{ methods, guard, stopping: context.stopping },
        authorize: (call) => authorize(call as HandlerContext),
        mostBytes: MOST_REQUEST_BYTES,
      });
      others.push(serveRest(router.handlers, logger, !config.admin_token));
    },
    requestGate: withOutgoingErrors(authorize),
    interceptors: [guardInterceptor(guard)],
    jsonOptions: JSON_OPTIONS,
    readMaxBytes: MOST_REQUEST_BYTES,
    fallback: (request, response) => serveOther(others, request as IncomingMessage, response as ServerResponse),
  }) as Handler;
  const handler: Handler = (request, response) => {
    if (!carries(request)) serve(request, response);
  };
  return catchErrors(config.admin_token ? handler : refuseCrossSite(handler, config.allow_open), logger);
}

/** Events complete history, and release the slots of completed queries. */
function eventHandler(context: RpcContext, { config, metrics, started }: Parts): PathHandler {
  const { store, configuration, ledger, admissionMetrics, logger } = context;
  const completed = started.use(
    settleCompleted({
      ledger,
      isAnyLimited: () => configuration.known.backends.keys().some(configuration.isLimited),
      onSettled: (leases) => admissionMetrics.countSettled('event', leases),
      logger,
    }),
  );
  return serveEvents({ config, history: store.queries, metrics, onCompleted: completed.add, logger, started });
}

/** What is not an RPC: the first handler that knows the path answers. */
function serveOther(others: readonly PathHandler[], request: IncomingMessage, response: ServerResponse): void {
  if (others.some((serve) => serve(request, response))) return;
  const path = (request.url ?? '/').split('?', 1)[0]?.slice(0, 200) ?? '/';
  answerError(response, 404, 'not_found', `nothing is served at ${request.method} ${path}`);
}
