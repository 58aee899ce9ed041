import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';

const LIMIT_MS = 180_000;
const CLIENTS = 8;
const SLOTS = 3;
const CONNECTIONS = 24;
const WITHIN_MS = 10_000;

let trino: ScriptedTrino;
let suite: Suite;

beforeAll(async () => {
  trino = await startScriptedTrino();
  trino.when(/^SELECT load/, ({ statement }) => ({
    runMs: 20,
    columns: [{ name: 'n', type: 'varchar' }],
    rows: [[statement]],
  }));
  suite = await startSuite({
    workers: 2,
    gatewayserver: { DEFAULT_GROUP: 'all' },
    // No state can be kept there: it must do without.
    router: { MAX_CONNECTIONS_PER_CLIENT: String(CONNECTIONS), STATE_FILE: '/dev/null/router-state.json' },
  });
  await suite.addBackends({ one: trino.url }, { maxRunningQueries: SLOTS });
  await suite.addGroup('all', ['one']);
}, LIMIT_MS);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.[Symbol.asyncDispose]();
}, LIMIT_MS);

const workersOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

const hasEnded = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
};

const isReady = async () => (await fetch(`${suite.router.opsUrl}/readyz`)).ok;

async function figure(name: string): Promise<number> {
  const text = await (await fetch(`${suite.router.opsUrl}/metrics`)).text();
  return [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (.*)$`, 'gm'))].reduce(
    (sum, [, one]) => sum + Number(one),
    0,
  );
}

const serving = (count: number) =>
  until(`${count} workers`, async () => (await figure('trino_gateway_router_workers')) === count, LIMIT_MS);

/** A connection that has asked once, and the status of its answer. */
async function askedOnce(sockets: Socket[]): Promise<number> {
  const socket = connect(suite.router.ports[0] ?? 0, '127.0.0.1');
  sockets.push(socket);
  return await new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.once('data', (bytes) => resolve(Number(bytes.toString().split(' ')[1])));
    socket.write('GET /v1/unknown HTTP/1.1\r\nHost: gateway\r\n\r\n');
  });
}

test(
  'each worker is killed in its turn under load: another one takes its place, the others go on, and no query is lost or run beyond the limit',
  async () => {
    let isOver = false;
    let ended = 0;
    const wrong: string[] = [];
    const client = async (number: number) => {
      for (let query = 0; !isOver; query++) {
        const statement = `SELECT load ${number} ${query}`;
        const { rows, error } = await runQuery(suite.router.url, statement, { retryForMs: LIMIT_MS });
        if (JSON.stringify(rows) !== JSON.stringify([[statement]])) wrong.push(`${statement}: ${error?.message}`);
        ended++;
      }
    };
    const load = Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    load.catch(() => {}); // said below
    for (const [at, pid] of workersOf(suite.router.pid).entries()) {
      const before = ended;
      await until('queries through both', () => ended >= before + CLIENTS, LIMIT_MS);
      process.kill(pid, 'SIGKILL');
      const then = ended;
      expect(await isReady()).toBe(true);
      await until('queries through the other one', () => ended > then, LIMIT_MS);
      await until('another one', async () => (await figure('trino_gateway_router_worker_restarts_total')) === at + 1);
      await serving(2);
    }
    isOver = true;
    await load;
    expect(wrong).toEqual([]);
    const statements = trino.queries.map(({ statement }) => statement).filter((one) => one.startsWith('SELECT load'));
    expect(new Set(statements).size).toBe(statements.length);
    expect(suite.router.output()).toContain('a worker has ended, and another one is started');
    expect(await figure('trino_gateway_router_requests_total')).toBeGreaterThan(ended * 3);
  },
  LIMIT_MS,
);

test('the connections of one client are counted over all workers, and those that close make room at once', async () => {
  const sockets: Socket[] = [];
  try {
    const statuses = await Promise.all(Array.from({ length: CONNECTIONS + 4 }, () => askedOnce(sockets)));
    expect(statuses.filter((status) => status === 404)).toHaveLength(CONNECTIONS);
    expect(statuses.filter((status) => status === 503)).toHaveLength(4);
    expect(await figure('trino_gateway_router_connections_refused_total')).toBeGreaterThanOrEqual(4);
    for (const socket of sockets.splice(0)) socket.destroy();
    await until('room', async () => (await askedOnce(sockets)) === 404);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

test(
  'when all workers are killed at once others take their places, and a client that comes meanwhile is served',
  async () => {
    const restarts = await figure('trino_gateway_router_worker_restarts_total');
    const killed = workersOf(suite.router.pid);
    expect(killed).toHaveLength(2);
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    const { rows } = await runQuery(suite.router.url, 'SELECT load meanwhile', { retryForMs: LIMIT_MS });
    expect(rows).toEqual([['SELECT load meanwhile']]);
    await until('others', async () => (await figure('trino_gateway_router_worker_restarts_total')) === restarts + 2);
    await serving(2);
    expect(await isReady()).toBe(true);
    expect(workersOf(suite.router.pid).filter((pid) => killed.includes(pid))).toEqual([]);
  },
  LIMIT_MS,
);

test('a state file that cannot be written is told of once, by the first process, and everything is served', () => {
  const told = suite.router
    .output()
    .split('\n')
    .filter((line) => line.includes('router.state_file cannot be written'));
  expect(told).toHaveLength(1);
  expect(told[0]).not.toContain('"worker"');
});

test(
  'the workers end with the first process, at once and however it ends, and its ports are free',
  async () => {
    const killed = workersOf(suite.router.pid);
    process.kill(suite.router.pid, 'SIGKILL'); // alone: not its process group
    await until('no orphans', () => killed.every(hasEnded), WITHIN_MS);
    await suite.router.kill();
    await suite.router.start();
    await serving(2);
    const { rows } = await runQuery(suite.router.url, 'SELECT load again', { retryForMs: LIMIT_MS });
    expect(rows).toEqual([['SELECT load again']]);
    const stopped = workersOf(suite.router.pid);
    const began = performance.now();
    expect(await suite.router.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(stopped.every(hasEnded)).toBe(true);
    expect(suite.router.output().match(/router ready on/g)).toHaveLength(1);
  },
  LIMIT_MS,
);
