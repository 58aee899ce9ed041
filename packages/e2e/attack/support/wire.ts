import http, { type IncomingHttpHeaders } from 'node:http';
import net, { type Socket } from 'node:net';

/** An answer as a client sees it; `failure` instead of one when the connection gave none. */
export type Reply = { status: number; headers: IncomingHttpHeaders; text: string; ms: number; failure?: string };

export type Asking = {
  port: number;
  method?: string;
  /** What stands in the request line: a path, or an absolute address. */
  target: string;
  /** Names and values in turn, as they are sent; a Host line is added when there is none. */
  headers?: readonly string[];
  body?: string | Buffer;
  timeMs?: number;
  /** Where the client seems to be; default 127.0.0.1. */
  from?: string;
};

const TIME_MS = 20_000;
const MOST_TEXT = 1_000_000;
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** One request with its header lines as given. Never throws: an answer that does not come is status 0. */
export function ask({
  port,
  method = 'GET',
  target,
  headers = [],
  body,
  timeMs = TIME_MS,
  from,
}: Asking): Promise<Reply> {
  const began = performance.now();
  return new Promise((resolve) => {
    const end = (status: number, answer: Partial<Reply>) =>
      resolve({ status, headers: {}, text: '', ms: performance.now() - began, ...answer });
    const lines = [...headers];
    if (!lines.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')) lines.push('Host', '127.0.0.1');
    if (body !== undefined) lines.push('Content-Length', String(Buffer.byteLength(body)));
    const where = { agent, host: '127.0.0.1', port, ...(from === undefined ? {} : { localAddress: from }) };
    const request = http.request({ ...where, method, path: target, headers: lines });
    const timer = setTimeout(() => {
      end(0, { failure: `no answer within ${timeMs} ms` });
      request.destroy();
    }, timeMs);
    request.on('error', (error) => end(0, { failure: error.message }));
    request.on('close', () => clearTimeout(timer));
    request.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        if (text.length < MOST_TEXT) text += chunk;
      });
      answer.on('error', () => {});
      answer.on('close', () => {
        const broken = answer.complete ? {} : { failure: 'the answer broke off' };
        end(answer.statusCode ?? 0, { headers: answer.headers, text, ...broken });
      });
    });
    request.end(body);
  });
}

/** A socket of which only counts are kept: how many bytes and answers came, and whether it is open. */
export type RawClient = Disposable & {
  readonly socket: Socket;
  /** Lines `HTTP/1.1 200`, how often each. */
  readonly answers: ReadonlyMap<number, number>;
  readonly closed: boolean;
};

/** Connects, from one of the loopback's addresses, and sends; what comes back is read and counted. */
export function connectRaw(port: number, first: string | Buffer, from = '127.0.0.1'): RawClient {
  const socket = net.connect({ host: '127.0.0.1', port, localAddress: from, noDelay: true });
  const answers = new Map<number, number>();
  let tail = '';
  let closed = false;
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    const text = tail + chunk;
    let end = 0;
    for (const match of text.matchAll(/HTTP\/1\.1 (\d{3})/g)) {
      answers.set(Number(match[1]), (answers.get(Number(match[1])) ?? 0) + 1);
      end = match.index + match[0].length;
    }
    tail = text.slice(Math.max(end, text.length - 11));
  });
  socket.write(first);
  return {
    socket,
    answers,
    get closed() {
      return closed;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** How often each status came, over all of them. */
export function countAnswers(clients: readonly RawClient[]): ReadonlyMap<number, number> {
  const all = new Map<number, number>();
  for (const { answers } of clients)
    for (const [status, count] of answers) all.set(status, (all.get(status) ?? 0) + count);
  return all;
}

/** `200: 12, 503: 3`. */
export function describeCounts(counts: ReadonlyMap<number, number>): string {
  const all = [...counts].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  return all.join(', ') || 'no answer';
}
