import type { IncomingMessage, ServerResponse } from 'node:http';
import { comparison, tokensOf } from '@trino-gateway/runtime';
import { answerError } from '../http/answer-error.ts';
import type { EventQueue } from './event-queue.ts';
import { pickMembers } from './pick-members.ts';
import { createBodyReader } from './read-body.ts';
import { READ_MEMBERS, readEvent } from './read-event.ts';

/** Where Trino's HTTP event listener posts to. */
export const EVENTS_PATH = '/v1/trino/events';

/** How a request of an event listener was answered. */
export type EventAnswer = 'taken' | 'passed over' | 'malformed' | 'refused' | 'full';

type Options = {
  queue: Pick<EventQueue, 'offer'>;
  /** The tokens that are accepted; with none the endpoint is open. */
  tokens: readonly string[];
  onAnswer: (answer: EventAnswer) => void;
};

type Failure = { status: number; code: string; message: string; headers?: Record<string, string> };

/**
 * Accepts events, and answers as soon as they are in the queue: 200, 4xx for what it will never accept, or 503 for what should be
 * sent again. Answers false for other paths.
 */
export function eventsEndpoint({
  queue,
  tokens,
  onAnswer,
}: Options): (request: IncomingMessage, response: ServerResponse) => boolean {
  const isAllowed = tokenCheck(tokens);
  const readBody = createBodyReader();
  const answer = async (request: IncomingMessage): Promise<{ as: EventAnswer; failure?: Failure }> => {
    const refusal = refusalOf(request) ?? isAllowed(request);
    if (refusal) return { as: 'refused', failure: refusal };
    const body = await readBody(request);
    if (body.kind !== 'whole') return { as: body.kind === 'busy' ? 'full' : 'refused', failure: UNREAD[body.kind] };
    const reading = readEvent(parsed(body.bytes));
    if (reading.kind === 'malformed') return { as: 'malformed', failure: invalid(reading.problem) };
    if (reading.kind === 'passed over') return { as: 'passed over' };
    return queue.offer(reading.report) ? { as: 'taken' } : { as: 'full', failure: UNREAD.busy };
  };
  return (request, response) => {
    if (request.url?.split('?', 1)[0] !== EVENTS_PATH) return false;
    void answer(request).then(({ as, failure }) => {
      onAnswer(as);
      // What is still being sent is read and dropped, so that the sender can read the answer.
      request.resume();
      if (failure === undefined) response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      else answerError(response, failure.status, failure.code, failure.message, failure.headers);
    });
    return true;
  };
}

const UNREAD: Record<'too long' | 'too slow' | 'abandoned' | 'busy', Failure> = {
  'too long': { status: 413, code: 'resource_exhausted', message: 'the event is longer than 16 MiB' },
  'too slow': { status: 408, code: 'deadline_exceeded', message: 'the event did not arrive in time' },
  abandoned: { status: 400, code: 'canceled', message: 'the event broke off' },
  busy: {
    status: 503,
    code: 'unavailable',
    message: 'too many events wait to be stored: send it again later',
    headers: { 'retry-after': '5' },
  },
};

const invalid = (message: string): Failure => ({ status: 400, code: 'invalid_argument', message });

function refusalOf({ method, headers }: IncomingMessage): Failure | undefined {
  if (method !== 'POST' && method !== 'PUT') {
    const message = `expected POST or PUT of an event, got ${method}`;
    return { status: 405, code: 'unimplemented', message, headers: { allow: 'POST, PUT' } };
  }
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  const encoding = headers['content-encoding'] ?? 'identity';
  if (type === 'application/json' && encoding === 'identity') return undefined;
  const message = 'expected an event as application/json, not compressed';
  return { status: 415, code: 'invalid_argument', message };
}

function tokenCheck(tokens: readonly string[]): (request: IncomingMessage) => Failure | undefined {
  const comparisons = tokens.map(comparison);
  if (comparisons.length === 0) return () => undefined;
  return ({ headers }) => {
    const given = tokensOf(headers);
    if (given.some((token) => comparisons.some((matches) => matches(token)))) return undefined;
    const message =
      given.length === 0
        ? 'events need a token: http-event-listener.connect-http-headers=X-Auth-Key:<token>'
        : 'the token is not gatewayserver.events_token';
    return { status: 401, code: 'unauthenticated', message };
  };
}

/** Undefined when it is not a JSON object, and so not an event. */
function parsed(bytes: Buffer): unknown {
  try {
    return pickMembers(bytes, READ_MEMBERS);
  } catch {
    return undefined;
  }
}
