import { createBoundedLines, type Logger } from '@trino-gateway/runtime';
import { basicCredentials, firstHeader, loggedPath } from '@trino-gateway/trino';
import type { CarriedAnswer, CarriedRequest } from './carrier.ts';
import type { ReadClientView } from './client-address.ts';
import { refusalOf } from './responses.ts';

/** Logs requests of clients when they have ended: those that the router itself refused, and a share of all (`router.access_log`). */
export type RequestLog = {
  /** The answer to a request that came in by this listener will be logged. */
  watch(response: CarriedAnswer, listeningPort: number): void;
};

export type RequestLogOptions = {
  /** `router.access_log`: from 0, none, to 1, all. */
  share: number;
  /** `router.access_log_per_second`. */
  mostPerSecond: number;
  clientView: ReadClientView;
  logger: Logger;
  /** From 0 up to 1. */
  random: () => number;
};

const MOST_REFUSALS_PER_SECOND = 50;
const LONGEST_TEXT = 200;
/** Links that lead nowhere, and methods, are no refusals: clients and scanners try them all the time. */
const UNREMARKABLE: ReadonlySet<number> = new Set([404, 405, 410]);

/** Nothing logged yet. */
export function createRequestLog(options: RequestLogOptions): RequestLog {
  const { share, mostPerSecond, clientView, logger, random } = options;
  const refusals = createBoundedLines(logger, MOST_REFUSALS_PER_SECOND);
  const accesses = createBoundedLines(logger, mostPerSecond);
  return {
    watch: (response, listeningPort) => {
      const isSampled = share > 0 && random() < share;
      const from = isSampled ? performance.now() : 0;
      response.once('close', () => {
        const { statusCode, req } = response;
        const refusal = UNREMARKABLE.has(statusCode) ? undefined : refusalOf(response);
        if (!isSampled && refusal === undefined) return;
        const facts = factsOf(req, listeningPort, clientView);
        if (refusal !== undefined)
          refusals('a request was refused', { ...facts, status: statusCode, reason: cut(withoutQuoted(refusal)) });
        if (!isSampled) return;
        const ms = Math.round(performance.now() - from);
        if (response.writableFinished) accesses('a request was answered', { ...facts, status: statusCode, ms });
        else accesses('a client hung up', { ...facts, ms });
      });
    },
  };
}

function factsOf(request: CarriedRequest, listeningPort: number, clientView: RequestLogOptions['clientView']) {
  const { method, url = '', rawHeaders, socket } = request;
  const { remoteAddress, localAddress } = socket;
  const view = clientView({ remoteAddress, localAddress, listeningPort }, rawHeaders);
  return {
    method,
    path: loggedPath(url),
    user: cut(userOf(rawHeaders)) || undefined,
    client: 'ip' in view ? view.ip : remoteAddress,
    listener: listeningPort,
    http: request.httpVersion,
  };
}

/** Whom the request names; that need not be true. */
function userOf(rawHeaders: readonly string[]): string {
  return (
    firstHeader(rawHeaders, 'x-trino-user') ??
    firstHeader(rawHeaders, 'x-presto-user') ??
    basicCredentials(rawHeaders)?.user ??
    ''
  );
}

/** What is quoted may be the client's. */
const withoutQuoted = (text: string) => text.replace(/'[^']*'|"[^"]*"/g, '…');
const cut = (text: string) => text.slice(0, LONGEST_TEXT);
