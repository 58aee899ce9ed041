import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from '@jest/globals';
import { GatewayUnavailableError } from '../../src/control-plane/retry-unreachable.ts';
import { ask, pageOf, post, type Reply, user } from '../support/client.ts';
import { basic, startAuthProvider } from '../support/fake-auth-provider.ts';
import { startStub } from '../support/stub-cluster.ts';
import { startTestbed, type TestbedOptions } from '../support/testbed.ts';

// Clusters, the gatewayserver and the provider stand at addresses that nothing else has: no client may learn one of them.
const HOST = '127.0.0.2';
const NAME = 'planted.invalid';
const planted = /127\.0\.0\.2|planted|:1\b|:8085/;
const OWNED = '20261121_080808_00130_93wed';
const UNKNOWN = '20261121_080808_00130_zzzzz';
const kill = `CALL system.runtime.kill_query('${OWNED}')`;

/** Everything that a client can be answered: heads and bodies. */
async function everyAnswer(url: string, options: { headers?: readonly string[] } = {}): Promise<string> {
  const headers = [...user, ...(options.headers ?? [])];
  const replies: Reply[] = [];
  const got = async (path: string, method = 'GET', body?: string) => {
    const reply = await ask(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    replies.push(reply);
    return reply;
  };
  const submitted = async (statement: string, more: readonly string[] = []) => {
    const reply = await post(url, statement, [...headers, ...more]);
    replies.push(reply);
    if (reply.status !== 200) return;
    const { nextUri } = pageOf(reply);
    if (nextUri !== undefined) replies.push(await ask(nextUri, { headers }));
  };
  await Promise.all([
    submitted('SELECT 1'),
    submitted(kill),
    submitted('SELECT 1', ['X-Trino-Transaction-Id', '00000000-0000-0000-0000-000000000001']),
    ...['GET', 'HEAD', 'DELETE'].flatMap((method) =>
      [OWNED, UNKNOWN].map((id) => got(`/v1/statement/executing/${id}/ya1b2/3`, method)),
    ),
    got(`/v1/statement/queued/${OWNED}/ya1b2/1`),
    got(`/v1/statement/executing/partialCancel/${OWNED}/1/ya1b2/3`, 'DELETE'),
    got(`/v1/query/${OWNED}`),
    got(`/v1/query/${UNKNOWN}`),
    got(`/v1/query/${OWNED}`, 'DELETE'),
    got(`/v1/query/${OWNED}/killed`, 'PUT', 'because'),
    got('/v1/query'),
    got('/v1/info'),
    got('/v1/info/state'),
    got('/v1/status'),
    got('/v1/statement', 'HEAD'),
    got('/ui/'),
    got(`/ui/query.html?${OWNED}`),
    got(`/ui/query.html?${UNKNOWN}`),
  ]);
  expect(replies.length).toBeGreaterThan(20);
  return replies.map(({ rawHeaders, text }) => `${rawHeaders.join('\n')}\n${text}`).join('\n');
}

const failing = { code: 'ECONNREFUSED', message: `connect ECONNREFUSED ${HOST}:8085` };
const kinds: Record<string, TestbedOptions> = {
  'nobody listens': { clusters: { lost: { url: `http://${HOST}:1` } } },
  'the name does not resolve': { clusters: { lost: { url: `http://${NAME}:8085` } } },
  'the gatewayserver does not answer': {
    clusters: { lost: { url: `http://${HOST}:1` } },
    route: () => {
      throw new GatewayUnavailableError('no answer within 10 ms', { cause: new Error(failing.message) });
    },
  },
  'the gatewayserver fails': {
    clusters: { lost: { url: `http://${HOST}:1` } },
    route: () => {
      throw new ConnectError(failing.message, Code.Internal);
    },
  },
};

test.each(Object.entries(kinds))('no answer names an address when %s', async (_, options) => {
  await using router = await startTestbed({ pollRetryDelaysMs: [5], ...options });
  const [owner] = router.ownership.candidates();
  if (owner !== undefined) router.ownership.learn(OWNED, owner);
  expect(await everyAnswer(router.url)).not.toMatch(planted);
});

test('no answer names an address when a cluster speaks another protocol, over TLS or without', async () => {
  await using stub = await startStub((request) => request.socket.end('SSH-2.0-x\r\n'));
  for (const scheme of ['http', 'https']) {
    const url = stub.url.replace('http', scheme);
    await using router = await startTestbed({ pollRetryDelaysMs: [5], clusters: { lost: { url } } });
    const [owner] = router.ownership.candidates();
    if (owner !== undefined) router.ownership.learn(OWNED, owner);
    expect(await everyAnswer(router.url)).not.toContain(new URL(url).port);
  }
});

test('no answer names an address when the authentication provider cannot be reached', async () => {
  await using provider = await startAuthProvider((response) => response.socket?.destroy());
  for (const url of [`http://${HOST}:1/`, `http://${NAME}:8085/`, provider.url]) {
    await using router = await startTestbed({
      clusters: { lost: { url: `http://${HOST}:1` } },
      authDelegated: true,
      config: { auth_provider_url: url },
    });
    const answers = await everyAnswer(router.url, { headers: basic('alice') });
    expect(answers).toContain('authentication provider');
    expect(answers).not.toMatch(planted);
    expect(answers).not.toContain(new URL(provider.url).port);
  }
});
