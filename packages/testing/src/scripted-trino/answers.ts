import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzip, gzipSync } from 'node:zlib';
import type { FaultAction } from './faults.ts';

/** One request on its way to its answer. */
export type Exchange = {
  request: IncomingMessage;
  response: ServerResponse;
  /** Scheme, authority and prefix of links in the answer. */
  origin: string;
  /** A fault that spoils the answer while it is written. */
  fault: FaultAction | undefined;
};

/** Says that the request has its answer, or will have without further doing. */
export type Answered = 'answered';

type HeaderLines = readonly (readonly [string, string])[];

/** Above this size Trino answers in chunks. */
const chunkedAbove = 8 * 1024;

/** Answers JSON with the headers of Trino, compressed when the client takes gzip. */
export function answerJson(
  exchange: Exchange,
  text: string,
  headers: HeaderLines = [],
  contentType = 'application/json',
): Answered {
  const { response, request } = exchange;
  const type = exchange.fault?.kind === 'content-type' ? exchange.fault.value : contentType;
  const lines: string[] = ['Vary', 'Accept-Encoding'];
  for (const [name, value] of headers) lines.push(name, value);
  lines.push('Content-Type', type, 'X-Content-Type-Options', 'nosniff');
  const send = (body: string | Buffer): Answered => {
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    if (spoil(exchange, lines, body, length)) return 'answered';
    if (length <= chunkedAbove) lines.push('Content-Length', String(length));
    response.writeHead(200, lines);
    response.end(request.method === 'HEAD' ? undefined : body);
    return 'answered';
  };
  const accepted = request.headers['accept-encoding'];
  if (accepted === undefined || !acceptsGzip(accepted) || text.length < 60) return send(text);
  lines.push('Content-Encoding', 'gzip');
  if (text.length < 16_384) return send(gzipSync(text, { level: 1 }));
  gzip(text, { level: 1 }, (_error, zipped) => send(zipped));
  return 'answered';
}

function acceptsGzip(header: string): boolean {
  return header.split(',').some((item) => /^\s*gzip\s*(;|$)/i.test(item) && !/;\s*q=0(\.0*)?\s*$/i.test(item));
}

/** Starts the answer and breaks it off, when the fault says so. */
export function spoil(exchange: Exchange, lines: string[], body: string | Buffer, length: number): boolean {
  const { fault, response } = exchange;
  if (fault?.kind !== 'broken-page' && fault?.kind !== 'stalled-page') return false;
  if (length <= chunkedAbove) lines.push('Content-Length', String(length));
  response.writeHead(200, lines);
  const part = (typeof body === 'string' ? Buffer.from(body) : body).subarray(0, Math.min(fault.bytes, length - 1));
  response.write(part, () => {
    if (fault.kind === 'broken-page') response.socket?.destroy();
  });
  return true;
}

/** Answers an HTTP error in Trino's words: `Error 404 Not Found: Query not found`. */
export function answerError(exchange: Exchange, status: number, reason: string, message: string): Answered {
  return answerText(exchange, status, `Error ${status} ${reason}: ${message}`);
}

/** Answers plain text. */
export function answerText(
  exchange: Exchange,
  status: number,
  text: string,
  headers: HeaderLines = [],
  type = 'text/plain',
): Answered {
  const lines: string[] = ['Vary', 'Accept-Encoding', 'Content-Type', type];
  for (const [name, value] of headers) lines.push(name, value);
  lines.push('Content-Length', String(Buffer.byteLength(text)));
  exchange.response.writeHead(status, lines);
  exchange.response.end(exchange.request.method === 'HEAD' ? undefined : text);
  return 'answered';
}

/** Answers without a body. */
export function answerEmpty(exchange: Exchange, status: number, headers: HeaderLines = []): Answered {
  const lines: string[] = [];
  for (const [name, value] of headers) lines.push(name, value);
  if (status !== 204) lines.push('Content-Length', '0');
  exchange.response.writeHead(status, lines);
  exchange.response.end();
  return 'answered';
}
