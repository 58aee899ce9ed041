import http from 'node:http';
import { networkInterfaces } from 'node:os';
import { expect, test } from '@jest/globals';
import { Counter, Registry } from 'prom-client';
import { type Logger, type Readiness, serveOps, silentLogger } from '../index.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };

test('/livez, /readyz and /metrics answer orchestrators and dashboards', async () => {
  const registry = new Registry();
  new Counter({ name: 'looks_total', help: 'Looks.', registers: [registry] }).inc();
  let readiness: ReturnType<Readiness> = { ready: false, reason: 'the database is being migrated' };
  await using ops = await serveOps(LOCAL, () => readiness, registry, silentLogger);
  const get = async (path: string) => {
    const answer = await fetch(`${ops.url}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  expect(await get('/livez')).toEqual({ status: 200, text: 'ok\n' });
  expect(await get('/readyz')).toEqual({ status: 503, text: 'the database is being migrated\n' });
  readiness = { ready: false };
  expect(await get('/readyz')).toEqual({ status: 503, text: 'not ready\n' });
  readiness = { ready: true };
  expect(await get('/readyz?verbose')).toEqual({ status: 200, text: 'ready\n' });
  expect(await get('/metrics')).toMatchObject({ status: 200, text: expect.stringContaining('looks_total 1\n') });
  expect(await get('/')).toMatchObject({ status: 404, text: expect.stringContaining('/readyz') });
});

test('metrics that cannot be collected are a 500 and a line in the log, not the end of the process', async () => {
  const registry = new Registry();
  new Counter({
    name: 'broken_total',
    help: 'Broken.',
    registers: [registry],
    collect() {
      throw new Error('no metrics today');
    },
  });
  const logged: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (message, fields) => void logged.push([message, fields]) };
  await using ops = await serveOps(LOCAL, () => ({ ready: true }), registry, logger);
  const answer = await fetch(`${ops.url}/metrics`);
  expect(answer.status).toBe(500);
  expect(await answer.text()).toBe('internal error: see the log\n');
  expect(logged).toEqual([['a request to the ops port failed', { error: 'no metrics today' }]]);
});

test('the log level changes at run time, and back', async () => {
  const logged: string[] = [];
  const logger: Logger = { ...silentLogger, level: 'info', warn: (message) => void logged.push(message) };
  await using ops = await serveOps(LOCAL, () => ({ ready: true }), new Registry(), logger);
  const level = async (method: string, body?: string) => {
    const answer = await fetch(`${ops.url}/log-level`, { method, ...(body !== undefined && { body }) });
    return [answer.status, await answer.text()];
  };
  expect(await level('GET')).toEqual([200, 'info\n']);
  expect(await level('PUT', 'debug\n')).toEqual([200, 'debug\n']);
  expect(logger.level).toBe('debug');
  expect(logged).toEqual(['the log level was changed']);
  for (const bad of ['', 'verbose', 'x'.repeat(100_000)])
    expect(await level('PUT', bad)).toEqual([400, 'expected one of error, warn, info, debug as the body\n']);
  expect(await level('DELETE')).toEqual([405, 'expected GET, HEAD, PUT\n']);
  expect(logger.level).toBe('debug');
});

/** The status of a PUT of the level, over a Host of the caller's choice. */
function put(url: string, headers: http.OutgoingHttpHeaders): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = http.request(`${url}/log-level`, { method: 'PUT', headers, agent: false }, (answer) =>
      resolve(answer.resume().statusCode),
    );
    request.on('error', reject).end('debug');
  });
}

test('with a token only its holders may change the level, and everybody may read it', async () => {
  const logger: Logger = { ...silentLogger, level: 'info' };
  await using ops = await serveOps(LOCAL, () => ({ ready: true }), new Registry(), logger, 'a-token');
  expect(await put(ops.url, {})).toBe(401);
  expect(await put(ops.url, { 'x-auth-key': 'another' })).toBe(401);
  expect(logger.level).toBe('info');
  expect(await put(ops.url, { authorization: 'Bearer a-token' })).toBe(200);
  expect(logger.level).toBe('debug');
  logger.level = 'info';
  expect(await put(ops.url, { 'x-auth-key': 'a-token', host: 'gateway.example' })).toBe(200);
  for (const path of ['/livez', '/readyz', '/metrics', '/log-level'])
    expect([path, (await fetch(ops.url + path)).status]).toEqual([path, 200]);
});

test('without a token only this machine may change the level, under a name of this machine', async () => {
  const logger: Logger = { ...silentLogger, level: 'info' };
  await using ops = await serveOps({ host: '0.0.0.0', port: 0 }, () => ({ ready: true }), new Registry(), logger);
  expect(await put(ops.url, { host: 'attacker.example' })).toBe(403);
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
  if (outside !== undefined) expect(await put(`http://${outside}:${ops.port}`, { host: 'localhost' })).toBe(403);
  expect(logger.level).toBe('info');
  expect(await put(ops.url, { host: 'localhost:1' })).toBe(200);
  expect(logger.level).toBe('debug');
});
