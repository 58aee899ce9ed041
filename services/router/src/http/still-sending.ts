import { firstHeader, httpErrorText } from '@trino-gateway/trino';
import { type BodyPace, UNPACED_BYTES } from '../limits/body-pace.ts';
import { RETRY_AFTER } from '../limits/request-limits.ts';
import type { CarriedAnswer, CarriedRequest } from './carrier.ts';
import { HttpError, markRefusal } from './responses.ts';

/** For so long, and up to so much, what a refused client goes on sending is read and discarded: else it could not read why. */
const DISCARD_MS = 5_000;
export const DISCARDED_BYTES = 67_108_864;
/** The rest may take longer where the answer does not wait for it. */
const REST_MS = 30_000;

/** A refusal before the end of the request's body. It closes the connection unless the body is short. */
export class StillSending extends HttpError {
  readonly #pace: BodyPace;

  /** @param pace at which the rest of the body is read and discarded */
  constructor(status: 408 | 503, message: string, pace: BodyPace) {
    super(status, message, status === 503 ? RETRY_AFTER : []);
    this.#pace = pace;
  }

  override answer(response: CarriedAnswer): void {
    const { req: request } = response;
    if (isShort(request)) {
      super.answer(response);
      return;
    }
    if (response.headersSent || response.destroyed) return;
    markRefusal(response, this.message);
    response.shouldKeepAlive = false; // nothing that follows is served
    const body = Buffer.from(httpErrorText(this.status, this.message));
    response.writeHead(this.status, undefined, [
      'Content-Type',
      'text/plain;charset=utf-8',
      'Content-Length',
      String(body.length),
      ...this.headers,
    ]);
    // Node closes the connection at the end of this answer, and a client that still sends would lose it unread.
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

/** Reads and discards what a client still sends after its answer has ended; one that sends too much or too slowly is cut off. */
export function discardRest(request: CarriedRequest, pace: BodyPace): void {
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

/** Whether what is left of the body is so little that the connection can go on with its next request. */
function isShort({ rawHeaders }: CarriedRequest): boolean {
  if (firstHeader(rawHeaders, 'transfer-encoding') !== undefined) return false;
  return Number(firstHeader(rawHeaders, 'content-length') ?? 0) <= UNPACED_BYTES;
}

/** The byte budget of all statements under way has no room for this one. */
export const noRoom = (pace: BodyPace) =>
  new StillSending(
    503,
    'This gateway has as many bytes of statements under way as it may: try again in a moment',
    pace,
  );

export const tooSlow = (pace: BodyPace) => new StillSending(408, 'The request did not arrive in time', pace);
