import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type OneSlot, startOneSlot } from '../support/one-slot.ts';

const LIMIT_MS = 240_000;
const BURST = 60;
const APART_MS = 5;
let slot: OneSlot;

beforeEach(async () => {
  slot = await startOneSlot();
}, LIMIT_MS);

afterEach(async () => {
  await slot?.[Symbol.asyncDispose]();
}, LIMIT_MS);

test(
  'a burst of statements, five milliseconds apart, waits in the order in which they were sent',
  async () => {
    const { suite, startRunning, queueStats } = slot;
    const first = await startRunning('SELECT held 0');
    // Connections are open before the burst, and each request is one write: it is the order of requests that counts.
    const connections = await Promise.all(Array.from({ length: BURST }, () => openConnection(suite.router.url)));
    const sent: Promise<string>[] = [];
    const began = performance.now();
    for (const [n, connection] of connections.entries()) {
      sent.push(submit(connection, `SELECT held ${n + 1}`));
      await pause(Math.max(0, began + (n + 1) * APART_MS - performance.now()));
    }
    const ids = await Promise.all(sent);
    const { queries } = await suite.call<{ queries: { id: string }[] }>('QueueService/ListQueued', { pageSize: 100 });
    const changed = queries.filter(({ id }, at) => ids[at] !== id).length;
    process.stdout.write(`${changed} of ${BURST} have changed places\n`);
    expect(queries).toHaveLength(BURST);
    expect(changed).toBe(0);
    for (const id of ids) await suite.call('QueryService/CancelQuery', { id });
    first.query.finishEarly();
    await first.done;
    expect((await queueStats()).groups[0]?.queued ?? 0).toBe(0);
  },
  LIMIT_MS,
);

async function openConnection(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setNoDelay();
  await once(socket, 'connect');
  return socket;
}

/** Sends a statement in one write, and answers the id it got. */
async function submit(socket: Socket, statement: string): Promise<string> {
  const head = ['POST /v1/statement HTTP/1.1', 'Host: gateway', 'X-Trino-User: burst', 'Connection: close'];
  socket.write(`${head.join('\r\n')}\r\nContent-Length: ${statement.length}\r\n\r\n${statement}`);
  const id = /"id":"([^"]+)"/.exec(await text(socket))?.[1];
  if (id === undefined) throw new Error(`${statement} got no id`);
  return id;
}
