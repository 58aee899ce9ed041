import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** A cluster that keeps to nothing: what it answers is written to the socket as it stands here. */
export type MaliciousCluster = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** Heads and bodies of all it got from clients, and how many connections it has. */
  readonly got: readonly string[];
  connections(): number;
};

/** What one way to misbehave does with the socket; `host` is the address that a right answer would name. */
export type Misbehaviour = (socket: Socket, question: { host: string; trap: string }) => void;

/** An id of its own, by which its polls are known. */
export const MALICIOUS_SUFFIX = 'evjkm';
const ID = `20260101_000000_00001_${MALICIOUS_SUFFIX}`;
const ENDLESS_MS = 4_000;

const answer = (status: string, body: string, headers = '') =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
const pageAt = (origin: string, way: string, more = '', id = ID) =>
  `{"id":"${id}","infoUri":"${origin}/ui/query.html?${id}","nextUri":"${origin}/v1/statement/queued/${id}/y${way}/1",${more}"stats":{"state":"QUEUED"},"warnings":[]}`;
const raw =
  (text: string | Buffer, isOver = false): Misbehaviour =>
  (socket) =>
    isOver ? socket.end(text) : socket.write(text);
const page =
  (made: (origin: string, trap: string) => string): Misbehaviour =>
  (socket, { host, trap }) =>
    socket.write(answer('200 OK', made(`http://${host}`, trap)));
const failed = (message: string) =>
  `{"id":"${ID}","infoUri":"http://x/","stats":{"state":"FAILED"},"error":{"message":"${message}","errorCode":65536,"errorName":"GENERIC_INTERNAL_ERROR","errorType":"INTERNAL_ERROR"},"warnings":[]}`;

/** Writes the same again and again until the socket is closed, or for so long that nobody should still listen. */
function endlessly(socket: Socket, text: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(text), everyMs);
  const end = setTimeout(() => socket.destroy(), ENDLESS_MS);
  socket.once('close', () => {
    clearInterval(timer);
    clearTimeout(end);
  });
}

const OK = 'HTTP/1.1 200 OK\r\n';

/** The ways to be bad, by name: of an answer to a statement, to a poll, or to a question about a query. */
export const MISBEHAVIOURS: Readonly<Record<string, Misbehaviour>> = {
  'switches protocols, 101': raw('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'),
  '101 without Upgrade': raw('HTTP/1.1 101 Whatever\r\n\r\n'),
  'status 000': raw(answer('000 Nothing', '{}')),
  'status 099': raw(answer('099 Odd', '{}')),
  'status 999': raw(answer('999 Odd', '{}')),
  'status 600': raw(answer('600 Odd', '{}')),
  'status 1000': raw(answer('1000 Odd', '{}')),
  'no status': raw('HTTP/1.1 \r\n\r\n'),
  'no HTTP': raw('220 mail.example ESMTP\r\n', true),
  'HTTP/0.9': raw('{"id":"1"}', true),
  'a flood of 100 Continue': (socket) => endlessly(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(200), 5),
  'a flood of 103': (socket) => endlessly(socket, 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(200), 5),
  'a head that never ends': (socket) => {
    socket.write(OK);
    endlessly(socket, 'X-More: and more\r\n', 20);
  },
  'a head of 12 MB': raw(`${OK}X-Big: ${'x'.repeat(12_000_000)}\r\nContent-Length: 2\r\n\r\n{}`),
  'a body that never ends': (socket) => {
    socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
    endlessly(socket, '1\r\n{\r\n', 20);
  },
  'an endless page at full speed': (socket) => {
    socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
    endlessly(socket, `40000\r\n${'x'.repeat(262_144)}\r\n`, 5);
  },
  'bad chunks': raw(`${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`),
  'a chunk of 2^64 bytes': raw(`${OK}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}\r\n`),
  'half a chunk': raw(`${OK}Transfer-Encoding: chunked\r\n\r\n10\r\n{"id"`, true),
  'Content-Length twice': raw(`${OK}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}`),
  'Content-Length: -1': raw(`${OK}Content-Length: -1\r\n\r\n{}`),
  'Content-Length and chunks': raw(`${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`),
  'half of what it promised': raw(`${OK}Content-Length: 4000\r\n\r\n{"id"`, true),
  '204 with a body': raw(answer('204 No Content', '{"id":"x"}')),
  '304 to a first request': raw('HTTP/1.1 304 Not Modified\r\n\r\n'),
  'two answers at once': raw(answer('200 OK', '{}') + answer('200 OK', failed('of somebody else'))),
  'closes at once': raw('', true),
  'no page': raw(answer('200 OK', '<html>hello</html>')),
  'an empty page': raw(answer('200 OK', '')),
  'a page without id': raw(answer('200 OK', '{"stats":{"state":"QUEUED"}}')),
  'gzip that is none': raw(answer('200 OK', '{"id":"x"}', 'Content-Encoding: gzip\r\n')),
  'an odd encoding': raw(answer('200 OK', '{"id":"x"}', 'Content-Encoding: quux\r\n')),
  'control characters in a header': raw(`${OK}X-Odd: a\u0001b\r\nContent-Length: 2\r\n\r\n{}`),
  'a header of a proxy': raw(
    answer('200 OK', failed('no'), 'Connection: X-A\r\nX-A: 1\r\nProxy-Authenticate: Basic\r\n'),
  ),
  'a redirect elsewhere': (socket, { trap }) =>
    socket.write(answer('307 Temporary Redirect', '', `Location: ${trap}/v1/statement\r\n`)),
  'links to somebody else': page((_origin, trap) => pageAt(trap, 'trap')),
  'a link without address': page(() => pageAt('', 'none')),
  'an error text of 3 MB': raw(answer('200 OK', failed('x'.repeat(3_000_000)))),
  'an error body of 20 MB': raw(answer('500 Internal Server Error', 'x'.repeat(20_000_000))),
  'JSON nested 100,000 deep': page((origin) =>
    pageAt(origin, 'deep', `"data":${'['.repeat(100_000)}${']'.repeat(100_000)},`),
  ),
};

/**
 * Starts one. The header X-Trino-Client-Info of a request says how it is to be bad, what else it is asked it answers as a good
 * cluster; `always` is bad in one way to whoever asks. Links to somebody else lead to `trap`; `victim` tells the suffix it
 * steals.
 */
export async function startMaliciousCluster(
  trap: string,
  victim: () => string,
  always?: string,
): Promise<MaliciousCluster> {
  const got: string[] = [];
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      for (let end = endOf(text); end !== undefined; end = endOf(text)) {
        answerTo(text.slice(0, end), socket);
        text = text.slice(end);
      }
    });
  });
  const answerTo = (request: string, socket: Socket) => {
    const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(request)?.[1]?.trim();
    const host = header('x-forwarded-host') ?? header('host') ?? '';
    const way = header('x-trino-client-info') ?? '';
    const isProbe =
      header('x-trino-source') === 'trino-gateway-monitor' || (request.startsWith('GET /v1/info ') && !way);
    if (!isProbe) got.push(request);
    const misbehave = MISBEHAVIOURS[always ?? way.replace(/^(post|poll|query|ui) /, '')];
    if (always !== undefined && misbehave !== undefined) misbehave(socket, { host, trap });
    else if (request.startsWith('GET /v1/info'))
      socket.write(
        answer(
          '200 OK',
          '{"nodeVersion":{"version":"476"},"environment":"x","coordinator":true,"starting":false,"uptime":"9.00h"}',
        ),
      );
    else if (isProbe)
      socket.write(answer('200 OK', `{"id":"${ID}","infoUri":"http://x/","stats":{"state":"FINISHED"},"warnings":[]}`));
    else if (way === 'steals')
      socket.write(answer('200 OK', pageAt(`http://${host}`, 'steal', '', `20260101_000000_00002_${victim()}`)));
    else if (misbehave !== undefined && !(way.startsWith('poll ') && request.startsWith('POST /v1/statement')))
      misbehave(socket, { host, trap });
    else socket.write(answer('200 OK', pageAt(`http://${host}`, 'good')));
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    got,
    connections: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

/** Where the first request in a text ends; undefined while it is not whole. */
function endOf(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const length = Number(/^content-length: *(\d+)$/im.exec(text.slice(0, head))?.[1] ?? 0);
  const end = head + 4 + length;
  return text.length < end ? undefined : end;
}
