import { describe, expect, test } from '@jest/globals';
import { headerValue, headerValues, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { GatewayUnavailableError } from '../../src/control-plane/retry-unreachable.ts';
import { ask, type Page, pageOf, post, run } from '../support/client.ts';
import { basic, password } from '../support/fake-auth-provider.ts';
import { challenge, refused, startGuardedRouter } from '../support/guarded-router.ts';
import { startTestbed } from '../support/testbed.ts';

const nobodyHere = { ports: [], hosts: [], clusters: [] };
const everybodyHere = { ...nobodyHere, hosts: ['127.0.0.1'] };

describe('a statement where a policy demands delegated authentication', () => {
  test('runs as the user the provider knows; the cluster never sees the password', async () => {
    await using bed = await startGuardedRouter();
    const { rows } = await run(bed.router.url, 'SELECT 1', [...basic('alice'), 'X-Trino-Source', 'me']);
    expect(rows).toEqual([[1]]);
    expect(bed.provider.asked).toEqual([
      { body: JSON.stringify({ email: 'alice', token: password }), key: 'provider-key' },
    ]);
    expect(bed.trino.queries).toMatchObject([{ user: 'alice', source: 'me' }]);
    const [submission] = bed.trino.requests;
    expect(headerValues(submission?.rawHeaders ?? [], 'x-trino-user')).toEqual(['alice']);
    expect(headerValue(submission?.rawHeaders ?? [], 'authorization')).toBeUndefined();
    expect(bed.router.routes).toHaveLength(1);
    expect(bed.router.started).toMatchObject([{ user: 'alice' }]);
  });

  test('many statements cost one question to the provider', async () => {
    await using bed = await startGuardedRouter();
    await Promise.all(Array.from({ length: 20 }, () => run(bed.router.url, 'SELECT 1', basic('alice'))));
    await run(bed.router.url, 'SELECT 1', [...basic('alice'), 'X-Trino-User', 'alice']);
    expect(bed.provider.asked).toHaveLength(1);
    expect(bed.trino.queries).toHaveLength(21);
  });

  test.each<[string, string[], number, string, number]>([
    ['without credentials', ['X-Trino-User', 'alice'], 401, 'Unauthorized', 0],
    ['with a wrong password', basic('alice', 'guess'), 401, 'Access Denied: Invalid credentials', 1],
    [
      'with two sets of credentials',
      [...basic('alice'), ...basic('bob')],
      400,
      'Error 400 Bad Request: Authorization must be given once',
      0,
    ],
    ['with a token', ['Authorization', 'Bearer abc'], 401, 'Access Denied: Invalid credentials', 0],
    [
      'as another user',
      [...basic('alice'), 'X-Trino-User', 'root'],
      403,
      'Access Denied: User alice cannot impersonate user root',
      0,
    ],
    [
      'as another user of an old client',
      [...basic('alice'), 'X-Presto-User', 'root'],
      403,
      'Access Denied: User alice cannot impersonate user root',
      0,
    ],
  ])('is refused %s', async (_, headers, status, text, asked) => {
    await using bed = await startGuardedRouter();
    const reply = await post(bed.router.url, 'SELECT 1', headers);
    expect(refused(reply)).toEqual({ status, challenge: status === 401 ? challenge : undefined, text });
    expect(bed.provider.asked).toHaveLength(asked);
    expect(bed.trino.requests).toEqual([]);
    expect(bed.router.routes).toEqual([]);
  });

  test('is refused before the client learns anything about clusters', async () => {
    await using bed = await startGuardedRouter({ clusters: {} });
    expect((await post(bed.router.url, 'SELECT 1', [])).status).toBe(401);
    expect((await run(bed.router.url, 'SELECT 1', basic('alice'))).last.error?.errorName).toBe('NO_NODES_AVAILABLE');
  });

  test.each<[string, string, string[]]>([
    ['that is too long', 'x'.repeat(2_000), []],
    ['of a transaction nobody knows', 'SELECT 1', ['X-Trino-Transaction-Id', '00000000-0000-4000-8000-000000000000']],
  ])('%s is refused without credentials, and not recorded as of that user', async (_, statement, headers) => {
    await using other = await startScriptedTrino();
    await using bed = await startGuardedRouter({ config: { max_statement_bytes: 1_000 } });
    await using router = await startTestbed({
      clusters: { trino: bed.trino, other },
      authDelegated: true,
      config: { auth_provider_url: bed.provider.url, max_statement_bytes: 1_000 },
    });
    expect((await post(router.url, statement, [...headers, 'X-Trino-User', 'root'])).status).toBe(401);
    expect(router.started).toEqual([]);
    expect((await run(router.url, statement, [...headers, ...basic('alice')])).last.error).toBeDefined();
    expect(router.started).toMatchObject([{ user: 'alice' }]);
  });

  test('keeps the password for clusters that check it themselves, when configured so', async () => {
    await using bed = await startGuardedRouter({ config: { auth_forward_credentials: true } });
    await post(bed.router.url, 'SELECT 1', basic('alice'));
    expect(headerValue(bed.trino.requests[0]?.rawHeaders ?? [], 'authorization')).toBe(basic('alice')[1]);
  });

  test('of an old client runs too, and its polls need no credentials', async () => {
    await using bed = await startGuardedRouter();
    const first = await post(bed.router.url, 'SELECT 1', [...basic('alice'), 'X-Presto-User', 'alice']);
    let page: Page = pageOf(first);
    while (page.nextUri !== undefined) page = pageOf(await ask(page.nextUri));
    expect(page.error).toBeUndefined();
    expect(bed.trino.queries).toMatchObject([{ user: 'alice', state: 'FINISHED' }]);
  });
});

describe('all that is not a poll needs credentials', () => {
  const id = '20261121_080808_00130_93wed';
  const requests: [string, string, string][] = [
    ['HEAD', '/v1/statement', ''],
    ['GET', '/v1/info', ''],
    ['GET', '/v1/info/state', ''],
    ['GET', '/v1/status', ''],
    ['GET', `/v1/query/${id}`, ''],
    ['DELETE', `/v1/query/${id}`, ''],
    ['PUT', `/v1/query/${id}/killed`, 'because'],
    ['GET', '/ui/', ''],
    ['GET', `/ui/query.html?${id}`, ''],
    ['GET', '/', ''],
    ['POST', '/ui/login', 'username=alice'],
  ];
  test.each(requests)('%s %s', async (method, path, body) => {
    await using bed = await startGuardedRouter();
    const asking = { method, ...(body === '' ? {} : { body }) };
    const stranger = await ask(bed.router.url + path, asking);
    expect(stranger).toMatchObject({ status: 401, headers: { 'www-authenticate': challenge } });
    expect((await ask(bed.router.url + path, { ...asking, headers: basic('alice', 'guess') })).status).toBe(401);
    expect(bed.trino.requests).toEqual([]);
    const known = await ask(bed.router.url + path, { ...asking, headers: basic('alice') });
    expect(known.status).not.toBe(401);
    expect(bed.trino.requests.length).toBeGreaterThan(0);
    for (const { rawHeaders } of bed.trino.requests) expect(headerValue(rawHeaders, 'authorization')).toBeUndefined();
  });

  test('kill_query of a stranger reaches no cluster', async () => {
    await using bed = await startGuardedRouter();
    const reply = await post(bed.router.url, `CALL system.runtime.kill_query('${id}', 'x')`, ['X-Trino-User', 'root']);
    expect(reply.status).toBe(401);
    expect(bed.trino.requests).toEqual([]);
  });
});

describe('while the gatewayserver does not answer', () => {
  test('its last answer holds: strangers stay out of a transaction, and its user in', async () => {
    let isAway = false;
    await using bed = await startGuardedRouter();
    await using router = await startTestbed({
      clusters: { trino: bed.trino },
      config: { auth_provider_url: bed.provider.url },
      route: (request) => {
        if (isAway) throw new GatewayUnavailableError('no answer');
        const backend = { id: 'trino', url: bed.trino.url, forwardedHeaders: 1 };
        const decision = { backendId: request.submissionId && 'trino', groupId: 'g', decidedBy: 'x' };
        return { authDelegated: true, backend, decision } as never;
      },
      authentication: () => everybodyHere,
    });
    const { replies } = await run(router.url, 'START TRANSACTION', [
      ...basic('alice'),
      'X-Trino-Transaction-Id',
      'NONE',
    ]);
    const id = replies
      .map(({ headers }) => headers['x-trino-started-transaction-id'])
      .find((value) => value !== undefined) as string;
    isAway = true;
    const inside = ['X-Trino-Transaction-Id', id];
    expect((await post(router.url, 'SELECT 1', [...inside, 'X-Trino-User', 'alice'])).status).toBe(401);
    expect((await run(router.url, 'SELECT 1', [...inside, ...basic('alice')])).rows).toEqual([[1]]);
    expect((await ask(`${router.url}/v1/query/${replies[0] && pageOf(replies[0]).id}`)).status).toBe(401);
  });

  test('and never has answered, nobody is let through on a guess', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({
      clusters: { trino },
      route: () => {
        throw new GatewayUnavailableError('no answer');
      },
      authentication: () => undefined,
    });
    expect((await ask(`${router.url}/ui/`)).status).toBe(503);
    expect((await ask(`${router.url}/v1/query/20261121_080808_00130_93wed`)).status).toBe(503);
    expect(trino.requests).toEqual([]);
  });
});

test('a policy that is gone no longer asks for credentials', async () => {
  let authDelegated = true;
  await using bed = await startGuardedRouter();
  await using router = await startTestbed({
    clusters: { trino: bed.trino },
    authentication: () => (authDelegated ? everybodyHere : nobodyHere),
  });
  const asking = async () =>
    await ask(`${router.url}/v1/query/20261121_080808_00130_93wed`, { headers: ['X-Trino-User', 'alice'] });
  expect((await asking()).status).toBe(401);
  authDelegated = false;
  await until('the cluster was asked for the query', async () => (await asking()).status === 410);
});
