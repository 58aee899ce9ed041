import type { IncomingMessage, ServerResponse } from 'node:http';
import { firstHeader, httpErrorText } from '@trino-gateway/trino';
import { type BodyPace, UNPACED_BYTES } from '../limits/body-pace.ts';
import { RETRY_AFTER } from '../limits/request-limits.ts';
import { HttpError } from './responses.ts';

/** So long, and so much, is read and thrown away of what a refused client goes on sending: else it could not read why. */
const DISCARD_MS = 5_000;
const DISCARDED_BYTES = 67_108_864;
/** Where nothing waits for it the rest may take longer. */
const REST_MS = 30_000;

/** A refusal before the end of the request's body. Unless that is short it closes the connection. */
export class StillSending extends HttpError {
  readonly #pace: BodyPace;

  /** @param pace at which the rest of the body is read and discarded */
  constructor(status: 408 | 503, message: string, pace: BodyPace) {
    super(status, message, status === 503 ? RETRY_AFTER : []);
    this.#pace = pace;
  }

  override answer(response: ServerResponse): void {
    const { req: request } = response;
    if (isShort(request)) {
      super.answer(response);
      return;
    }
    if (response.headersSent || response.destroyed) return;
    const body = Buffer.from(httpErrorText(this.status, this.message));
    response.writeHead(this.status, [
      'Content-Type',
      'text/plain;charset=utf-8',
      'Content-Length',
      String(body.length),
      'Connection',
      'close',
      ...this.headers,
    ]);
    // With the end of its answer Node closes the connection, which takes the answer from who has not read it yet.
    response.write(body);
    let discarded = 0;
    const end = () => {
      clearTimeout(timer);
      response.end();
    };
    const timer = setTimeout(end, this.status === 408 ? 0 : DISCARD_MS);
    response.once('close', () => clearTimeout(timer));
    if (request.complete) end();
    request.removeAllListeners('data');
    request.on('data', (chunk: Buffer) => {
      discarded += chunk.length;
      if (discarded > DISCARDED_BYTES) end();
      else this.#pace.waitForTurn(request);
    });
    request.once('end', end);
    request.resume();
  }
}

/** Reads on, in turns, what a client still sends after its answer has ended; who sends too much or too slowly is cut off. */
export function discardRest(request: IncomingMessage, pace: BodyPace): void {
  if (request.destroyed) return;
  let discarded = 0;
  const timer = setTimeout(() => request.socket.destroy(), REST_MS);
  request.once('close', () => clearTimeout(timer));
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > DISCARDED_BYTES) request.socket.destroy();
    else pace.waitForTurn(request);
  });
}

/** What is left of it, if anything, does not keep the connection from its next request. */
function isShort({ rawHeaders }: IncomingMessage): boolean {
  if (firstHeader(rawHeaders, 'transfer-encoding') !== undefined) return false;
  return Number(firstHeader(rawHeaders, 'content-length') ?? 0) <= UNPACED_BYTES;
}

/** The budget of all statements under way has no room for this one. */
export const noRoom = (pace: BodyPace) =>
  new StillSending(
    503,
    'This gateway has as many bytes of statements under way as it may: try again in a moment',
    pace,
  );

export const tooSlow = (pace: BodyPace) => new StillSending(408, 'The request did not arrive in time', pace);
