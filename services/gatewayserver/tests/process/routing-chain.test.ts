import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { RoutingChainSchema } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { openStore } from '../../src/storage/index.ts';
import type { Message } from '../support/contract-calls.ts';
import { startTestGatewayserver, type TestGatewayserver, until } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const [SECRET, KEY, OTHER_KEY] = ['hunter2', 'a-key-of-the-chain-'.repeat(3), 'another-key-'.repeat(4)];
const HIDDEN = '********';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'routing-chain-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const database = (name: string) => `sqlite:${join(folder, `${name}.db`)}`;
const put = (server: TestGatewayserver, chain: Message) => server.post('RoutingService/PutRoutingChain', { chain });
const get = (server: TestGatewayserver) => server.ok('RoutingService/GetRoutingChain');
const outside = (token: string, more: Message = {}) => ({
  id: 'outside',
  external: { url: 'http://127.0.0.1:9/route', token, ...more },
});

test('a chain is in force on every replica within two seconds, and so is the next one', async () => {
  const keys = { database_url: database('replicas'), default_group: 'g' };
  await using one = await startTestGatewayserver(keys);
  await using two = await startTestGatewayserver(keys);
  await one.ok('BackendService/PutBackend', { backend: { id: 'b', url: 'http://b' } });
  await one.ok('BackendService/MarkHealthy', { id: 'b' });
  await one.ok('GroupService/PutGroup', { group: { id: 'g', backendIds: ['b'] } });
  const decidedBy = async (server: TestGatewayserver) => {
    const headers = [{ name: 'X-Trino-Client-Tags', value: 'x' }];
    const { decision } = await server.ok('RoutingService/Decide', { headers, statement: 'SELECT 1' });
    return (decision as Message | undefined)?.decidedBy;
  };
  for (const id of ['first', 'second']) {
    const began = performance.now();
    await put(one, { steps: [{ id, clientTags: { anyOf: ['x'], groupId: 'g' } }] });
    expect(await decidedBy(one)).toBe(`step ${id}`);
    await until(
      () => decidedBy(two),
      (by) => by === `step ${id}`,
    );
    expect(performance.now() - began).toBeLessThan(5_000); // 2 s on a machine that is not busy
  }
  expect((await put(two, { version: 1, fallbackGroup: 'g' })).status).toBe(409);
});

describe('what a step keeps secret', () => {
  test('is never shown, is kept by ********, and goes with its step', async () => {
    const lines: string[] = [];
    const note = (message: string, fields?: unknown) => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const logger = { ...silentLogger, error: note, warn: note, notice: note, info: note, debug: note };
    await using server = await startTestGatewayserver({ secrets_key: KEY }, '', logger);
    const shown = [await put(server, { steps: [outside(SECRET)] })];
    expect(shown[0]?.body).toMatchObject({ steps: [{ external: { token: HIDDEN } }] });
    shown.push(await put(server, { steps: [outside(HIDDEN, { retries: 1 })] }));
    expect(shown[1]?.body).toMatchObject({ version: 2, steps: [{ external: { token: HIDDEN, retries: 1 } }] });
    shown.push(await put(server, { steps: [{ ...outside(HIDDEN), id: 'renamed' }] }));
    expect(shown[2]?.body.message).toBe(
      'chain.steps[renamed].external.token: expected a secret: none is stored here that could be kept',
    );
    shown.push(await put(server, { steps: [outside('sealed:v1:AAAA')] }));
    expect(shown[3]?.body.message).toMatch(/external\.token: expected a/);
    await put(server, { steps: [outside(`${SECRET}-next`)] });
    shown.push(await server.post('RoutingService/CompareRoutingChains'));
    expect(shown[4]?.body.changes).toContainEqual({
      path: 'steps[outside].token',
      before: `"${HIDDEN}"`,
      after: `"${HIDDEN}"`,
    });
    shown.push(await server.post('RoutingService/CompareRoutingChains', { fromVersion: 0 }));
    shown.push(await server.post('RoutingService/RollBackRoutingChain', { version: 1 }));
    expect(shown[6]?.body).toMatchObject({ version: 4, steps: [{ external: { token: HIDDEN } }] });
    await server.ok('RoutingService/Decide', { statement: 'SELECT 1' });
    expect(JSON.stringify(shown) + lines.join()).not.toContain(SECRET);
  });

  test('and no key opens any more is kept, and its step fails with what to do', async () => {
    const keys = { database_url: database('keys') };
    {
      await using server = await startTestGatewayserver({ ...keys, secrets_key: KEY });
      await put(server, { steps: [outside(SECRET)] });
    }
    {
      await using server = await startTestGatewayserver({ ...keys, secrets_key: OTHER_KEY });
      const { reasons } = await server.ok('RoutingService/Decide', { statement: 'SELECT 1' });
      expect((reasons as Message[])[0]).toMatchObject({
        outcome: 'FAILED',
        text: expect.stringContaining('no key of gatewayserver.secrets_key opens it'),
      });
      expect((await put(server, { steps: [outside(HIDDEN)] })).status).toBe(200);
    }
    await using store = await openStore({ url: keys.database_url, secretsKeys: [KEY], logger: silentLogger });
    const kind = (await store.configuration.read()).routingChain?.steps[0]?.kind;
    expect(kind).toMatchObject({ case: 'external', value: { token: SECRET } });
  });
});

test('a chain of a newer version comes into force as far as this one knows it: the other steps fail, and are told', async () => {
  const url = database('newer');
  {
    await using _server = await startTestGatewayserver({ database_url: url });
    await using store = await openStore({ url, logger: silentLogger });
    const rules = {
      case: 'rules' as const,
      value: { rules: [{ id: 'r', when: 'no longer (an expression', groupId: 'g' }] },
    };
    const chain = create(RoutingChainSchema, {
      steps: [
        { id: 'unheard-of' },
        { id: 'broken', kind: rules },
        { id: 'policies', kind: { case: 'policies', value: {} } },
      ],
    });
    await store.configuration.change(({ routingChain }) => routingChain.add(chain));
  }
  await using server = await startTestGatewayserver({ database_url: url });
  expect(await get(server)).toMatchObject({
    version: 1,
    steps: [{ id: 'unheard-of' }, { id: 'broken' }, { id: 'policies' }],
  });
  const { reasons } = await server.ok('RoutingService/Decide', { statement: 'SELECT 1' });
  expect((reasons as Message[]).slice(0, 3)).toMatchObject([
    { step: 'unheard-of', outcome: 'FAILED', text: expect.stringContaining('this version knows no step') },
    { step: 'broken', outcome: 'FAILED' },
    { step: 'policies', outcome: 'ABSTAINED' },
  ]);
});
