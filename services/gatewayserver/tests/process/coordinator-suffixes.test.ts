import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';

let server: TestGatewayserver;
const errors: unknown[] = [];

beforeEach(async () => {
  errors.length = 0;
  const logger = {
    ...silentLogger,
    error: (line: string, fields: unknown) => void errors.push([line, fields]),
  };
  server = await startTestGatewayserver({}, '', logger);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

const put = (id: string, url = `http://${id}`) => server.ok('BackendService/PutBackend', { backend: { id, url } });
const record = (suffix: string, backendId: string, url = `http://${backendId}`) =>
  server.post('SuiteService/RecordIncarnation', { suffix, backendId, url });
/** As the monitor does it: first the incarnation, then the status. */
async function sees(backendId: string, coordinatorId: string, url?: string, state = 'UP') {
  const { status } = await record(coordinatorId, backendId, url);
  await server.ok('BackendService/ReportBackendStatus', {
    status: { backendId, state, healthy: state === 'UP', coordinatorId },
  });
  return status;
}
async function snapshot() {
  const { backends, incarnations } = await server.ok('SuiteService/WatchSnapshot');
  return {
    ids: Object.fromEntries(
      (backends as { id: string; coordinatorId?: string }[]).map(({ id, coordinatorId }) => [id, coordinatorId]),
    ),
    incarnations: ((incarnations ?? []) as { suffix: string; backendId: string }[]).map(
      ({ suffix, backendId }) => `${suffix} ${backendId}`,
    ),
  };
}

describe('a suffix that the monitor saw at a backend', () => {
  test('stays with that backend when another one claims it: refused, counted, and logged without an address', async () => {
    await put('one');
    await put('two');
    expect(await sees('one', 'abcde')).toBe(200);
    expect((await record('abcde', 'two')).body).toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('belongs to the backend "one"') as unknown,
    });
    expect(await sees('two', 'abcde')).toBe(400);
    expect(await snapshot()).toEqual({ ids: { one: 'abcde', two: undefined }, incarnations: ['abcde one'] });
    const [line, fields] = errors[0] as [string, unknown];
    expect(line).toContain('query ids of another');
    expect(fields).toEqual({ backend: 'two', holder: 'one', suffix: 'abcde' });
    const metrics = await (await fetch(`${server.opsUrl}/metrics`)).text();
    expect(metrics).toContain('trino_gateway_suffixes_refused_total{backend="two"} 2');
  });

  test('stays with it while it does not answer, and is sent to routers as soon as it is seen', async () => {
    await put('one');
    await put('two');
    await record('abcde', 'one');
    const { revision } = await server.ok('SuiteService/WatchSnapshot');
    const held = server.ok('SuiteService/WatchSnapshot', { revision, waitMs: 30_000 });
    await sees('one', 'abcde');
    expect((await held).backends).toContainEqual(expect.objectContaining({ id: 'one', coordinatorId: 'abcde' }));
    await sees('one', 'abcde', undefined, 'UNREACHABLE');
    expect(await sees('two', 'abcde')).toBe(400);
    await server.ok('BackendService/ReportBackendStatus', { status: { backendId: 'one', state: 'UNREACHABLE' } });
    expect(await sees('two', 'abcde')).toBe(400);
  });

  test('is shared by backends of the same url: they are one cluster', async () => {
    await put('one');
    await put('same', 'http://one');
    expect(await sees('one', 'abcde')).toBe(200);
    expect(await sees('same', 'abcde', 'http://one')).toBe(200);
    expect((await snapshot()).ids).toEqual({ one: 'abcde', same: 'abcde' });
  });

  test('is free again when its coordinator has another one, or its backend has another url or was deleted', async () => {
    await put('one');
    await put('two');
    await sees('one', 'abcde');
    await sees('one', 'fghij');
    expect(await sees('two', 'abcde')).toBe(200);
    expect((await snapshot()).ids).toEqual({ one: 'fghij', two: 'abcde' });
    await put('three');
    await server.ok('BackendService/DeleteBackend', { id: 'two' });
    expect(await sees('three', 'abcde')).toBe(200);
    await put('three', 'http://elsewhere');
    expect((await snapshot()).ids).toEqual({ one: 'fghij', three: undefined });
    expect(await sees('three', 'abcde', 'http://elsewhere')).toBe(200);
  });

  test('alone decides where a query is found and cancelled', async () => {
    await put('one');
    await put('two');
    await record('abcde', 'two');
    await sees('one', 'abcde');
    const found = await server.ok('QueryService/FindBackendForQuery', { id: '20261121_080808_00130_abcde' });
    expect(found).toMatchObject({ backendId: 'one' });
  });
});
