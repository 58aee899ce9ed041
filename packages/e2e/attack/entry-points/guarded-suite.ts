import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type AttackSuite, startAttackSuite } from '../support/attack-suite.ts';
import { basic, LITERAL, PASSWORD, PROVIDER_KEY, TOKEN } from '../support/planted-secrets.ts';
import { ask, type Reply } from '../support/wire.ts';
import { CLUSTERS, type Cluster, DEFAULT_GROUP, GROUPS, POLICIES } from './expected-check.ts';

/** What alice has on a cluster. */
export type Victim = {
  suffix: string;
  /** Runs until somebody ends it. */
  queryId: string;
  /** Path of its current link. */
  link: string;
  transactionId: string;
  /** What a browser of hers got for its web UI. */
  cookie: string;
};

/** The suite with clusters behind delegated authentication, and what alice runs there. */
export type GuardedSuite = AsyncDisposable & {
  suite: AttackSuite;
  clusters: Record<Cluster, ScriptedTrino>;
  victims: Record<Cluster, Victim>;
  /** The temporary id of a statement of hers that waits for `limited`, and the path of its link. */
  waiting: { queryId: string; link: string };
  /** How many requests each cluster had got when the attack began. */
  before: Record<Cluster, number>;
  portOf(listener: 0 | 1): number;
};

type Page = { id: string; nextUri?: string; stats: { state: string }; error?: { message: string } };

/** Where a client of each cluster comes in while this world is made. */
const ENTRANCES: Readonly<Record<Cluster, { listener: 0 | 1; host: string }>> = {
  guarded: { listener: 0, host: 'trino.example' },
  both: { listener: 1, host: 'other.example' },
  fallback: { listener: 1, host: 'trino.example' },
  limited: { listener: 0, host: 'limited.example' },
  open: { listener: 0, host: 'open.example' },
};
const STATEMENT = `SELECT '${LITERAL}' AS forever`;

/** Starts it; `await using` ends it. */
export async function startGuardedSuite(): Promise<GuardedSuite> {
  await using started = new AsyncDisposableStack();
  const clusters = {} as Record<Cluster, ScriptedTrino>;
  for (const id of CLUSTERS) {
    clusters[id] = started.use(await startScriptedTrino());
    clusters[id].when(STATEMENT, { runMs: Number.POSITIVE_INFINITY });
  }
  const provider = started.use(await startAuthProvider());
  const suite = started.use(
    await startAttackSuite({
      listeners: 2,
      adminToken: TOKEN,
      gatewayserver: { DEFAULT_GROUP },
      monitor: { GATEWAYSERVER_TOKEN: TOKEN },
      router: {
        GATEWAYSERVER_TOKEN: TOKEN,
        GATEWAYSERVER_WAIT: '1s',
        AUTH_PROVIDER_URL: provider.url,
        AUTH_PROVIDER_KEY: PROVIDER_KEY,
      },
    }),
  );
  const portOf = (listener: 0 | 1) => suite.router.ports[listener] ?? 0;
  const { limited, ...others } = Object.fromEntries(CLUSTERS.map((id) => [id, clusters[id].url]));
  await suite.addBackends(others);
  await suite.addBackends({ limited: limited ?? '' }, { maxRunningQueries: 1 });
  // First only the one that alice is to meet there.
  for (const [id, members] of Object.entries(GROUPS))
    await suite.addGroup(id, members.slice(0, 1), { queue: { maxQueued: 100 } });
  for (const { id, host, group, fallback, delegated } of POLICIES) {
    const rule = host === undefined ? { listeningPort: portOf(1) } : { host };
    const policy = { id, ...rule, groupId: group, fallbackGroupId: fallback, authDelegated: delegated };
    await suite.call('PolicyService/PutPolicy', { policy });
  }
  const victims = {} as Record<Cluster, Victim>;
  for (const id of CLUSTERS) victims[id] = await settle(portOf(ENTRANCES[id].listener), ENTRANCES[id].host, id);
  const second = await post(portOf(0), 'limited.example', STATEMENT);
  const waiting = { queryId: second.id, link: new URL(second.nextUri ?? '').pathname };
  for (const [id, members] of Object.entries(GROUPS)) await suite.addGroup(id, members, { queue: { maxQueued: 100 } });
  await untilProtected(portOf(0), victims.guarded.queryId);
  const before = Object.fromEntries(CLUSTERS.map((id) => [id, clusters[id].requests.length])) as GuardedSuite['before'];
  const owned = started.move();
  return { suite, clusters, victims, waiting, before, portOf, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A snapshot comes within two seconds; a router that never protects it is what the table is for. */
async function untilProtected(port: number, queryId: string): Promise<void> {
  const headers = ['Host', 'elsewhere.example', 'X-Trino-User', 'alice'];
  const isRefused = async () => (await ask({ port, target: `/v1/query/${queryId}`, headers })).status === 401;
  await until('the guarded cluster to be guarded', isRefused, 4_000).catch(() => {});
}

const alice = (host: string) => ['Host', host, ...basic('alice'), 'X-Trino-User', 'alice'];

async function settle(port: number, host: string, id: Cluster): Promise<Victim> {
  const began = await post(port, host, 'START TRANSACTION', ['X-Trino-Transaction-Id', 'NONE']);
  let transactionId: string | undefined;
  await follow(port, host, began, ({ nextUri }, { headers }) => {
    transactionId ??= headers['x-trino-started-transaction-id'] as string | undefined;
    return nextUri === undefined;
  });
  const query = await post(port, host, STATEMENT);
  const running = await follow(port, host, query, ({ stats }) => stats.state === 'RUNNING');
  const page = await ask({ port, target: `/ui/query.html?${running.id}`, headers: alice(host) });
  const cookie = (page.headers['set-cookie'] ?? []).find((line) => line.startsWith('Trino-Gateway-UI='));
  if (transactionId === undefined || cookie === undefined) throw new Error(`${id} could not be set up: ${page.text}`);
  return {
    suffix: running.id.slice(-5),
    queryId: running.id,
    link: new URL(running.nextUri ?? '').pathname,
    transactionId,
    cookie: cookie.split(';')[0] ?? '',
  };
}

async function post(port: number, host: string, body: string, more: readonly string[] = []): Promise<Page> {
  const headers = [...alice(host), ...more];
  return pageOf(await ask({ port, method: 'POST', target: '/v1/statement', headers, body }));
}

async function follow(
  port: number,
  host: string,
  first: Page,
  isEnough: (page: Page, reply: Reply) => boolean,
): Promise<Page> {
  let page = first;
  for (let polls = 0; polls < 30; polls++) {
    if (page.nextUri === undefined) break;
    const reply = await ask({ port, target: new URL(page.nextUri).pathname, headers: alice(host) });
    page = pageOf(reply);
    if (isEnough(page, reply)) return page;
  }
  throw new Error(`a statement at ${host} did not get far enough: ${JSON.stringify(page)}`);
}

function pageOf({ status, text, failure }: Reply): Page {
  if (status !== 200) throw new Error(`status ${status} ${failure ?? text}`);
  return JSON.parse(text) as Page;
}

/** Knows alice and bob, as an operator's own authentication provider would. */
async function startAuthProvider(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const { email, token } = JSON.parse(text) as { email: string; token: string };
      const isKnown = ['alice', 'bob'].includes(email) && token === PASSWORD;
      response.end(JSON.stringify({ ok: isKnown && request.headers['x-auth-key'] === PROVIDER_KEY }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
