import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import type { ResponseHead } from '../heads/response-head.ts';
import { AnswerBody } from './body.ts';
import type { AnswerTaker } from './connection.ts';
import { ConnectionPool } from './pool.ts';

const GET = { isHead: false, head: 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n' };
const ok = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** A server that says the next of these texts whenever a request comes, and its client. */
async function serve(
  texts: (string | ((socket: Socket) => void))[],
  more: { mostIdle?: number; idleMs?: number } = {},
) {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', () => {
      const next = texts.shift() ?? '';
      if (typeof next === 'string') socket.write(next, 'latin1');
      else next(socket);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const pool = new ConnectionPool({
    connect: (onread) => connect({ port, host: '127.0.0.1', noDelay: true, onread }),
    mostIdle: 8,
    idleMs: 60_000,
    ...more,
  });
  return {
    pool,
    accepted: () => accepted,
    open: sockets,
    [Symbol.asyncDispose]: async () => {
      pool[Symbol.dispose]();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

type Outcome = string | { failed: string; isReused: boolean; hasBegun: boolean } | { unusual: string };

async function text(body: AnswerBody): Promise<string> {
  let all = '';
  body.on('data', (chunk: Buffer) => {
    all += chunk;
  });
  await once(body, 'close');
  return body.complete ? all : `${all} …`;
}

/** Gives the body of an answer to this function. */
function bodyTo(take: (body: AnswerBody, head: ResponseHead) => void): AnswerTaker['answered'] {
  return (head, source) => {
    const body = new AnswerBody(source);
    take(body, head);
    return body;
  };
}

function ask(pool: ConnectionPool, request = GET): Promise<Outcome> {
  return new Promise((resolve) => {
    pool.take().send(request, {
      answered: bodyTo((body, { status }) => void text(body).then((all) => resolve(`${status} ${all}`))),
      failed: (error, about) => resolve({ failed: error.message, ...about }),
      unusual: (socket, unread) => {
        socket.destroy();
        resolve({ unusual: unread.toString() });
      },
    });
  });
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

test('requests follow each other on one connection, whether their answers have a length, chunks or no body', async () => {
  await using server = await serve([
    ok('one'),
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    ok('five'),
  ]);
  const head = { isHead: true, head: GET.head.replace('GET', 'HEAD') };
  const got = [];
  for (const request of [GET, GET, GET, head, GET]) got.push(await ask(server.pool, request));
  expect(got).toEqual(['200 one', '200 two', '204 ', '200 ', '200 five']);
  expect(server.accepted()).toBe(1);
});

test.each([
  ['a length', ok('one')],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n2\r\nne\r\n0\r\n\r\n'],
])('an answer with %s is the same wherever it is split', async (_, bytes) => {
  const cuts = Array.from({ length: bytes.length - 1 }, (__, at) => at + 1);
  await using server = await serve(
    cuts.map((at) => async (socket: Socket) => {
      socket.setNoDelay().write(bytes.slice(0, at), 'latin1');
      await new Promise((resolve) => setTimeout(resolve, 1));
      socket.write(bytes.slice(at), 'latin1');
    }),
  );
  const answers = new Set<Outcome>();
  for (const _cut of cuts) answers.add(await ask(server.pool));
  expect([[...answers], server.accepted()]).toEqual([['200 one'], 1]);
});

test.each<[string, string]>([
  ['that is followed by another one', ok('one') + ok('two')],
  ['that says it is the last', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\none'],
])('behind an answer %s the connection is not used again', async (_, bytes) => {
  await using server = await serve([bytes, ok('next')]);
  expect([await ask(server.pool), await ask(server.pool)]).toEqual(['200 one', '200 next']);
  expect(server.accepted()).toBe(2);
});

test('an answer that nobody has asked for closes the connection', async () => {
  let first: Socket | undefined;
  await using server = await serve([
    (socket) => {
      first = socket;
      socket.write(ok('one'));
    },
    ok('two'),
  ]);
  expect(await ask(server.pool)).toBe('200 one');
  first?.write(ok('poison'));
  if (first !== undefined) await once(first, 'close');
  expect(await ask(server.pool)).toBe('200 two');
});

test('a connection that ends is told of: before an answer, within its head, within its body, while it was kept', async () => {
  const say = (bytes: string) => (socket: Socket) => void socket.end(bytes);
  await using server = await serve([
    say(''),
    say('HTTP/1.1 200 OK\r\nCon'),
    say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf'),
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf!\r\n',
    ok('kept'),
    (socket) => socket.destroy(),
  ]);
  const got = [];
  for (let n = 0; n < 7; n++) got.push(await ask(server.pool));
  const hangUp = { failed: 'socket hang up', isReused: false };
  expect(got).toEqual([
    { ...hangUp, hasBegun: false },
    { ...hangUp, hasBegun: true },
    '200 half …',
    '200 half …',
    '200 half …',
    '200 kept',
    { ...hangUp, isReused: true, hasBegun: false },
  ]);
});

test.each<[string, string, string]>([
  ['extensions', '3;a="b;c"\r\none\r\n3\r\ntwo\r\n0;x\r\n\r\n', '200 onetwo'],
  ['trailers', '3\r\none\r\n0\r\nX-Extra: 1\r\nSet-Cookie: a\r\n\r\n', '200 one'],
  ['an extension that is none', '3\r\none\r\n3;a="\nb"\r\ntwo\r\n0\r\n\r\n', '200 one …'],
  ['trailers without an end', '3\r\none\r\n0\r\nnothing\r\n\r\n', '200 one …'],
])('%s of a chunked body are read by another reader, whole or in single bytes', async (_, chunks, expected) => {
  const bytes = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`;
  const slowly = async (socket: Socket) => {
    for (const byte of bytes) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await using server = await serve([bytes, (socket) => void slowly(socket), ok('next')]);
  expect([await ask(server.pool), await ask(server.pool)]).toEqual([expected, expected]);
  expect(await ask(server.pool)).toBe('200 next');
  expect(server.accepted()).toBe(3);
});

test('an answer of another form is for another reader, with all its bytes', async () => {
  const odd = 'HTTP/1.1 200 OK\r\n\r\nuntil the end';
  await using server = await serve([odd, 'HTTP/1.1 103 Early Hints\r\n\r\n']);
  expect(await ask(server.pool)).toEqual({ unusual: odd });
  expect(await ask(server.pool)).toEqual({ unusual: 'HTTP/1.1 103 Early Hints\r\n\r\n' });
});

test('a body that nobody reads stays with the server, and all of it comes when somebody does', async () => {
  const length = 32 * 1_048_576;
  await using server = await serve([
    (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
      socket.write(Buffer.alloc(length));
    },
  ]);
  const body = await new Promise<AnswerBody>((resolve, reject) => {
    server.pool.take().send(GET, { answered: bodyTo(resolve), failed: reject, unusual: reject });
  });
  await turn();
  const [socket] = server.open;
  expect(socket?.writableLength).toBeGreaterThan(0);
  let got = 0;
  body.on('data', (chunk: Buffer) => {
    got += chunk.length;
    body.pause();
    setImmediate(() => body.resume());
  });
  await once(body, 'end');
  expect(got).toBe(length);
});

test('what was taken of a body can be put back', async () => {
  await using server = await serve([ok('abcdef')]);
  const body = await new Promise<AnswerBody>((resolve, reject) => {
    server.pool.take().send(GET, { answered: bodyTo(resolve), failed: reject, unusual: reject });
  });
  const first = await new Promise<Buffer>((resolve) => {
    const take = (chunk: Buffer) => {
      body.pause();
      body.off('data', take);
      resolve(chunk);
    };
    body.on('data', take);
  });
  body.unshift(first);
  const rest = text(body);
  body.resume();
  expect(await rest).toBe('abcdef');
});

test('a request that is given up closes its connection, also in the middle of its answer', async () => {
  await using server = await serve(['', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf']);
  const connection = server.pool.take();
  connection.send(GET, { answered: fail, failed: fail, unusual: fail });
  while (server.open.size === 0) await turn();
  connection.abandon();
  while (server.open.size > 0) await turn();
  const body = await new Promise<AnswerBody>((resolve, reject) => {
    server.pool.take().send(GET, { answered: bodyTo(resolve), failed: reject, unusual: reject });
  });
  body.destroy();
  await once(body, 'close');
  expect(body.complete).toBe(false);
  while (server.open.size > 0) await turn();
});

function fail(): never {
  throw new Error('nobody is to be told');
}

test('as many connections are kept as may be, for as long as they may', async () => {
  await using server = await serve([ok('1'), ok('2'), ok('3')], { mostIdle: 2, idleMs: 100 });
  await Promise.all([1, 2, 3].map(() => ask(server.pool)));
  while (server.open.size > 2) await turn();
  while (server.open.size > 0) await turn();
}, 15_000);
