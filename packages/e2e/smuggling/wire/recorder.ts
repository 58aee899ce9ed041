import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createMessageReader, valuesOf, type WireMessage } from './message-reader.ts';

/** A message as a coordinator behind the address under test has read it. */
export type RecordedMessage = WireMessage & { connection: number };

/** What is written instead of a usual answer, to the request that holds the token. */
export type WrittenAnswer = {
  bytes: string;
  /** The connection is closed after that; else it stays. */
  closes: boolean;
  /** Written with the head of the request, before its body has come. */
  early?: boolean;
  /** Written later, when the test says so, on the idle connection. */
  later?: string;
};

/** A coordinator on a raw socket that reads by the letter, and remembers every message and what is none. */
export type Recorder = AsyncDisposable & {
  readonly url: string;
  /** Five characters, by which its queries are known. */
  readonly suffix: string;
  /** What holds this text, in the order in which it came; messages that have begun among them. */
  holding(token: string): RecordedMessage[];
  /** What came and is not HTTP, with what stood there. */
  readonly faults: readonly string[];
  /** From now on a request with this token is answered so. */
  answer(token: string, answer: WrittenAnswer): void;
  /** Writes what was kept for later. */
  sayMore(token: string): void;
  /** Whether the connection is open on which the request with this token came. */
  isOpen(token: string): boolean;
};

const VERSION =
  '{"nodeVersion":{"version":"476"},"environment":"x","coordinator":true,"starting":false,"uptime":"9.00h"}';
const head = (length: number) =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

/** The page of a query; `echo` tells which request it answers. */
function page(id: string, echo: string, next: string): string {
  const link = next === '' ? '' : `"nextUri":"${next}/v1/statement/executing/${id}/yabc/1",`;
  return `{"id":"${id}","infoUri":"http://x/ui/query.html?${id}",${link}"stats":{"state":"${link === '' ? 'FINISHED' : 'RUNNING'}"},"echo":${JSON.stringify(echo)},"warnings":[]}`;
}

/** Where its client has asked, as links must have it. */
function askedAs(message: WireMessage): string {
  const first = (name: string) => valuesOf(message, name)[0];
  return `${first('x-forwarded-proto') ?? 'http'}://${first('x-forwarded-host') ?? first('host')}`;
}

/** Of a monitor, and of a router that asks what it is talking to. */
const isProbe = (message: WireMessage) =>
  valuesOf(message, 'x-trino-source').includes('trino-gateway-monitor') || message.start === 'GET /v1/info HTTP/1.1';

export async function startRecorder(suffix: string): Promise<Recorder> {
  const messages: RecordedMessage[] = [];
  const faults: string[] = [];
  const answers = new Map<string, WrittenAnswer>();
  const askedBy = new Map<string, Socket>();
  const sockets = new Set<Socket>();
  let connections = 0;
  let queries = 0;

  const tokenOf = (message: WireMessage) => {
    const text = textOf(message);
    for (const token of answers.keys()) if (text.includes(token)) return token;
    return undefined;
  };
  const write = (socket: Socket, token: string, { bytes, closes }: WrittenAnswer) => {
    askedBy.set(token, socket);
    if (closes) socket.end(bytes, 'latin1');
    else socket.write(bytes, 'latin1');
  };
  const respond = (socket: Socket, message: WireMessage) => {
    const token = tokenOf(message);
    const written = token === undefined ? undefined : answers.get(token);
    if (token !== undefined && written !== undefined) {
      if (!written.early) write(socket, token, written);
      return;
    }
    const [method = '', target = ''] = message.start.split(' ');
    let text = VERSION;
    if (message.start !== 'GET /v1/info HTTP/1.1') {
      const [id] = /\d{8}_\d{6}_\d{5}_[a-z0-9]{5}/.exec(target) ?? [];
      const isNew = method === 'POST' && id === undefined && !isProbe(message);
      if (isNew) queries += 1;
      const own = `20260101_000000_${String(90_000 + queries).padStart(5, '0')}_${suffix}`;
      text = page(id ?? own, target, isNew ? askedAs(message) : '');
    }
    if (method === 'DELETE') socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    else socket.write(head(text.length) + (method === 'HEAD' ? '' : text), 'latin1');
  };
  const server = createServer((socket) => {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    const reader = createMessageReader({
      kind: 'request',
      onHead: (message) => {
        if (!isProbe(message)) messages.push(Object.assign(message, { connection }));
        const token = tokenOf(message);
        const written = token === undefined ? undefined : answers.get(token);
        if (token !== undefined && written?.early) write(socket, token, written);
      },
      onMessage: (message) => respond(socket, message),
    });
    socket.setEncoding('latin1').on('data', (bytes: string) => {
      reader.push(bytes);
      const fault = reader.fault();
      if (fault === undefined) return;
      faults.push(`${fault}: ${JSON.stringify(reader.rest().slice(0, 200))}`);
      socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    suffix,
    holding: (token) => messages.filter((message) => textOf(message).includes(token)),
    faults,
    answer: (token, answer) => void answers.set(token, answer),
    sayMore: (token) => void askedBy.get(token)?.write(answers.get(token)?.later ?? '', 'latin1'),
    isOpen: (token) => askedBy.get(token)?.destroyed === false,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const textOf = ({ start, lines, body, trailers }: WireMessage) =>
  [start, ...lines.flat(), body, ...trailers.flat()].join('\n');
