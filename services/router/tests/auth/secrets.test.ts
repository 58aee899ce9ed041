import { expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { GatewayUnavailableError } from '../../src/control-plane/retry-unreachable.ts';
import { ask, pageOf, post, run } from '../support/client.ts';
import { fakeAdmission } from '../support/fake-admission.ts';
import { basic, password, startAuthProvider } from '../support/fake-auth-provider.ts';
import { listening } from '../support/listening-logger.ts';
import { deadUrl, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

/** Everything that must never stand in a log line. Each is sent in at least one request below. */
const secrets = {
  password,
  'another password': 'wrong-guess-77',
  'Authorization line': String(basic('alice')[1]?.slice('Basic '.length)),
  'bearer token': 'eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2ln',
  'extra credential': 'extra-credential-42',
  'cookie of a cluster': 'trino-ui-token-42',
  'prepared statement': 'prepared-literal-42',
  'SQL literal': 'sql-literal-42',
  'session property': 'session-value-42',
  'password in a URL': 'url-password-42',
  'query string': 'query-string-42',
  'provider key': 'provider-key-42',
  'internal token': 'internal-bearer-42',
  'login form': 'form-password-42',
};

const everything = [
  'X-Trino-Extra-Credential',
  `store=${secrets['extra credential']}`,
  'Cookie',
  `Trino-UI-Token=${secrets['cookie of a cluster']}; Trino-Gateway-UI=${secrets['cookie of a cluster']}`,
  'X-Trino-Prepared-Statement',
  `s=${encodeURIComponent(`SELECT '${secrets['prepared statement']}'`)}`,
  'X-Trino-Session',
  `a.b=${secrets['session property']}`,
  'X-Trino-Internal-Bearer',
  secrets['internal token'],
  'Referer',
  `http://alice:${secrets['password in a URL']}@gw/ui/?${secrets['query string']}`,
];
const statement = `SELECT '${secrets['SQL literal']}'`;

/** Requests of every kind, good and bad, with all the secrets in them. */
async function tryEverything(url: string): Promise<void> {
  const { host } = new URL(url);
  for (const credentials of [
    basic('alice'),
    basic('alice', secrets['another password']),
    [...basic('alice'), 'X-Trino-User', 'root'],
    ['Authorization', `Bearer ${secrets['bearer token']}`],
    [],
  ]) {
    const headers = [...credentials, ...everything];
    const first = await post(url, statement, headers);
    const { nextUri } = first.status === 200 ? pageOf(first) : {};
    if (nextUri !== undefined) await ask(nextUri.replace(/\/(\d+)$/, `x/$1?${secrets['query string']}`), { headers });
    await ask(`${url}/ui/?${secrets['query string']}`, { headers });
    const body = `username=alice&password=${secrets['login form']}`;
    await ask(`${url}/ui/login`, { method: 'POST', headers, body });
    await ask(`${url}/v1/info?${secrets['query string']}`, { headers });
    await ask(`${url}/v1/query/20261121_080808_00130_93wed?${secrets['query string']}`, { headers });
    await ask(`${url}/v1/statement`, { method: 'HEAD', headers: [...headers, 'Host', host] });
    await post(
      url,
      `CALL system.runtime.kill_query('20261121_080808_00130_93wed', '${secrets['SQL literal']}')`,
      headers,
    );
    await post(url, statement, [...headers, 'X-Presto-User', 'alice', 'X-Trino-User', 'alice']);
    await post(url, statement, [...headers, 'X-Trino-Transaction-Id', '00000000-0000-4000-8000-000000000000']);
  }
}

test('no log line holds a secret, whatever works or fails', async () => {
  const { lines, logger } = listening();
  await using trino = await startScriptedTrino();
  await using provider = await startAuthProvider();
  await using failing = await startAuthProvider((response, request) => {
    response.writeHead(500, { 'X-Echo': request.headers['x-auth-key'] });
    response.end(`no: ${password} ${secrets['provider key']}`);
  });
  await using broken = await startStub((request, response) => {
    const echoed = `${request.headers.authorization} ${request.headers.cookie} ${request.url}`;
    response.writeHead(request.method === 'POST' ? 503 : 500, { 'X-Echo': echoed });
    response.end(echoed);
  });
  const dead = await deadUrl();
  const keys = (url: string) => ({ auth_provider_url: url, auth_provider_key: secrets['provider key'] });
  const kinds: Parameters<typeof startTestbed>[0][] = [
    { clusters: { trino } },
    { clusters: { trino }, authDelegated: true, config: keys(provider.url) },
    { clusters: { trino }, authDelegated: true, config: keys(failing.url) },
    { clusters: { trino }, authDelegated: true, config: keys(dead) },
    { clusters: { trino }, authDelegated: true },
    { clusters: { broken, gone: { url: dead } } },
    { clusters: { broken }, authDelegated: true, config: { ...keys(provider.url), auth_forward_credentials: true } },
    {
      clusters: { trino },
      route: () => {
        throw new GatewayUnavailableError('no answer');
      },
    },
    {
      clusters: { trino },
      route: () => {
        throw new Error('a fault of ours');
      },
    },
  ];
  for (const kind of kinds) {
    await using router = await startTestbed({ ...kind, logger });
    await tryEverything(router.url);
  }
  await using lost = await startScriptedTrino();
  await using router = await startTestbed({ clusters: { lost }, logger });
  const { nextUri = '' } = pageOf(await post(router.url, statement, ['X-Trino-User', 'alice', ...everything]));
  await lost.kill();
  await ask(`${nextUri}?${secrets['query string']}`, { headers: everything });

  // Else there would be nothing to scan: each of these is said by one of the routers above.
  const said = lines.join('\n');
  expect(said).toContain('delegated authentication does not work');
  expect(said).toContain('a backend did not accept a statement');
  expect(said).toContain('the coordinator of a query is gone');
  expect(said).toContain('a fault of ours');
  const found = Object.entries(secrets).filter(([, secret]) => lines.some((line) => line.includes(secret)));
  expect(found.map(([name]) => name)).toEqual([]);
});

test('the answer to a refused client holds none of its secrets', async () => {
  await using trino = await startScriptedTrino();
  await using provider = await startAuthProvider((response, request) => request.pipe(response));
  const config = { auth_provider_url: provider.url, auth_provider_key: secrets['provider key'] };
  await using router = await startTestbed({ clusters: { trino }, authDelegated: true, config });
  const reply = await post(router.url, statement, [...basic('alice'), ...everything]);
  expect(reply.status).toBe(401);
  const whole = reply.text + reply.rawHeaders.join('\n');
  for (const secret of Object.values(secrets)) expect(whole).not.toContain(secret);
  await expect(run(router.url, statement, basic('bob'))).rejects.toThrow('status 401');
});

test('no log line holds the secret of the link of a waiting query, whatever becomes of it', async () => {
  const { lines, logger } = listening();
  await using trino = await startScriptedTrino();
  const admission = fakeAdmission({ trino: 0 });
  await using router = await startTestbed({ clusters: { trino }, admission, logger, holdMs: 20 });
  const headers = ['X-Trino-User', 'alice', ...everything];
  const links: string[] = [];
  const wait = async () => {
    const { nextUri = '' } = pageOf(await post(router.url, statement, headers));
    links.push(nextUri);
    return nextUri;
  };
  const link = await wait();
  await ask(link, { headers });
  await ask(link, { method: 'HEAD', headers });
  await ask(link.replace(/y[0-9a-f]{5}/, 'y00000'), { headers });
  admission.down = true;
  await ask(link, { headers });
  await ask(link, { method: 'DELETE', headers });
  admission.down = false;
  trino.fault({ on: 'submit', action: { kind: 'status', status: 503 } });
  admission.slots.trino = 1;
  for (const said of ['a backend did not accept a statement', 'a query was assigned'])
    while (!lines.some((line) => line.includes(said))) await ask(link, { headers });
  const corrupt = await wait();
  admission.slots.trino = 5;
  for (const waiter of admission.waiters.values()) if (waiter.phase === 'queued') waiter.sealed = new Uint8Array(100);
  const read = async () => pageOf(await ask(corrupt, { headers })).error?.errorName;
  expect(await until('its end', read, 10_000, 0)).toBe('GENERIC_INTERNAL_ERROR');
  admission.slots.trino = 0;
  await ask(await wait(), { method: 'DELETE', headers });

  const said = lines.join('\n');
  expect(said).toContain('a query was queued');
  expect(said).toContain('a backend did not accept a statement');
  expect(said).toContain('a query was assigned');
  expect(said).toContain('a queued query cannot be read');
  expect(links).toHaveLength(3);
  for (const one of links) expect(said).not.toContain((one.split('/').at(-2) ?? '').slice(1, 21));
  for (const secret of Object.values(secrets)) expect(said).not.toContain(secret);
});
