import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { allHeaders, firstHeader, withoutHopByHop } from '@trino-gateway/trino';

/** The ends of a client's connection. */
export type Peer = { remoteAddress: string | undefined; localAddress: string | undefined; encrypted: boolean };

const MANY_LISTENERS = 50;
const mayHaveBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * A request of HTTP/2 and its answer, as the handlers know them from HTTP/1.1. What would close the connection there resets the
 * stream here; an answer that is given up is reset with an error, so that no client takes it for whole.
 */
export function http2Messages(
  stream: ServerHttp2Stream,
  rawHeaders: readonly string[],
  peer: Peer,
): [IncomingMessage, ServerResponse] {
  stream.setMaxListeners(MANY_LISTENERS);
  stream.on('error', () => {});
  const hasBody = !stream.endAfterHeaders;
  const pseudo = (name: string) => firstHeader(rawHeaders, name);
  const method = pseudo(':method') ?? '';
  const request = Object.assign(stream, {
    stream,
    method,
    url: pseudo(':path') ?? '',
    rawHeaders: asHttp1(rawHeaders, hasBody && mayHaveBody.has(method)),
    headers: {},
    httpVersion: '2.0',
    httpVersionMajor: 2,
    httpVersionMinor: 0,
    socket: {
      ...peer,
      destroy: () => breakOff(stream),
      destroySoon: () => stream.close(constants.NGHTTP2_NO_ERROR),
    },
  }) as unknown as IncomingMessage;
  Object.defineProperty(request, 'complete', { get: () => !hasBody || stream.readableEnded });
  const answer = new Http2Answer(stream, request);
  // RFC 9113, 8.1: what the client still sends after the whole answer is not wanted.
  stream.once('finish', () => {
    if (!request.complete) stream.close(constants.NGHTTP2_NO_ERROR);
  });
  return [request, answer as unknown as ServerResponse];
}

/**
 * The head as HTTP/1.1 has it (RFC 9113, 8.3.1 and 8.2.3): `:authority` is Host, split cookies are one line, and a body without a
 * length is chunked. A Host that names something else stays beside it, and is refused as any second Host.
 */
function asHttp1(rawHeaders: readonly string[], hasBody: boolean): string[] {
  const authority = firstHeader(rawHeaders, ':authority');
  const cookies = allHeaders(rawHeaders, 'cookie');
  const lines = authority === undefined ? [] : ['Host', authority];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    if (name.startsWith(':') || name === 'cookie' || (name === 'host' && value === authority)) continue;
    lines.push(name, value);
  }
  if (cookies.length > 0) lines.push('cookie', cookies.join('; '));
  if (hasBody && firstHeader(rawHeaders, 'content-length') === undefined) lines.push('transfer-encoding', 'chunked');
  return lines;
}

/** What the handlers use of a ServerResponse. */
class Http2Answer {
  readonly req: IncomingMessage;
  statusCode = 200;
  /** Of no effect: connections are closed by GOAWAY. */
  shouldKeepAlive = true;
  readonly #stream: ServerHttp2Stream;
  #isEnding = false;
  #isWhole = false;

  constructor(stream: ServerHttp2Stream, request: IncomingMessage) {
    this.#stream = stream;
    this.req = request;
    const note = () => {
      this.#isWhole ||= this.#isEnding && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    };
    // After the end of a request with a body a stream is closed with the last frame of its answer, and never finishes.
    stream.once('finish', note).once('close', note);
  }

  get headersSent(): boolean {
    return this.#stream.headersSent;
  }

  get closed(): boolean {
    return this.#stream.closed;
  }

  get destroyed(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  get writableEnded(): boolean {
    return this.#isEnding;
  }

  /** A stream that the client has reset counts as finished for Node. */
  get writableFinished(): boolean {
    return this.#isWhole;
  }

  on(event: string, listener: (...all: unknown[]) => void): this {
    this.#stream.on(event, listener);
    return this;
  }

  once(event: string, listener: (...all: unknown[]) => void): this {
    this.#stream.once(event, listener);
    return this;
  }

  off(event: string, listener: (...all: unknown[]) => void): this {
    this.#stream.off(event, listener);
    return this;
  }

  /** A reason phrase is left out: HTTP/2 has none. */
  writeHead(status: number, ...rest: (string | readonly string[])[]): this {
    this.statusCode = status;
    if (this.destroyed) return this;
    const lines = rest.find((one): one is readonly string[] => typeof one === 'object') ?? [];
    const head = withoutHopByHop(lines).map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text));
    this.#stream.respond([':status', String(status), ...head]);
    return this;
  }

  write(chunk: Buffer | string): boolean {
    return this.destroyed || this.#stream.write(chunk);
  }

  end(chunk?: Buffer | string): this {
    if (this.destroyed || this.#isEnding) return this;
    if (!this.headersSent) this.writeHead(this.statusCode);
    this.#isEnding = true;
    if (chunk === undefined) this.#stream.end();
    else this.#stream.end(chunk);
    return this;
  }

  destroy(): this {
    breakOff(this.#stream);
    return this;
  }
}

/** Without an error the stream would be ended before it is reset, and a client could take the answer for whole. */
function breakOff(stream: ServerHttp2Stream): void {
  stream.destroy(new Error('given up'));
}
