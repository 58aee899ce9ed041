import { httpErrorText, pageContentType } from '@trino-gateway/trino';
import { RETRY_AFTER } from '../limits/request-limits.ts';
import type { CarriedAnswer } from './carrier.ts';

/** Header lines to write, name and value in turn. */
type Lines = readonly string[];

const refusals = new WeakMap<CarriedAnswer, string>();

/** Why the router itself answered with an HTTP error; undefined for other answers. */
export const refusalOf = (response: CarriedAnswer): string | undefined => refusals.get(response);

/** Answers an HTTP error in Trino's words, `Error 404 Not Found: …`; does nothing when an answer has begun. */
export function answerError(response: CarriedAnswer, status: number, message?: string, headers: Lines = []): void {
  markRefusal(response, message);
  answerText(response, status, httpErrorText(status, message), headers);
}

/** The answer, if none has begun, says that the router refuses the request. */
export function markRefusal(response: CarriedAnswer, message = ''): void {
  if (!response.headersSent) refusals.set(response, message);
}

/** Answers text; does nothing when an answer has begun. */
export function answerText(
  response: CarriedAnswer,
  status: number,
  text: string,
  headers: Lines = [],
  type = 'text/plain;charset=utf-8',
): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(text);
  response.writeHead(status, undefined, ['Content-Type', type, 'Content-Length', String(body.length), ...headers]);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** Answers a page of Trino; does nothing when an answer has begun. */
export function answerPage(response: CarriedAnswer, page: string): void {
  answerText(response, 200, page, [], pageContentType);
}

/** Answers without a body; does nothing when an answer has begun. */
export function answerEmpty(response: CarriedAnswer, status: number, headers: Lines = []): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, undefined, status === 204 ? [...headers] : ['Content-Length', '0', ...headers]);
  response.end();
}

/** An error that ends the exchange, and how to answer it. */
export class HttpError extends Error {
  readonly status: number;
  readonly headers: Lines;

  constructor(status: number, message: string, headers: Lines = []) {
    super(message);
    this.status = status;
    this.headers = headers;
  }

  /** Answers with it, unless an answer has begun. */
  answer(response: CarriedAnswer): void {
    answerError(response, this.status, this.message, this.headers);
  }
}

/** Too much is under way: nothing was done, and the client may try again. */
export class TryAgain extends HttpError {
  constructor(message: string) {
    super(503, message, RETRY_AFTER);
  }
}

/** A client that is not let in: as with Trino the body is the bare reason, which clients show. */
export class AccessDenied extends HttpError {
  override answer(response: CarriedAnswer): void {
    markRefusal(response, this.message);
    answerText(response, this.status, this.message, this.headers);
  }
}
