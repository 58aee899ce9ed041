import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { configureSuite } from '@trino-gateway/testing/suite/configure-suite';
import { gatewayCall } from '@trino-gateway/testing/suite/gateway-calls';
import type { ServiceName } from '@trino-gateway/testing/suite/start-script';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import type { Page } from '@trino-gateway/testing/trino-client/page';
import { endPod, type Pod, renderedEndings, startPod } from '../rolling/pods.ts';
import { startServiceAddress } from '../rolling/service-address.ts';

const LIMIT_MS = 300_000;
const CLIENTS = 12;
const SLOTS = 4;

const endings = await renderedEndings().catch((error: Error) => {
  if (!(error instanceof MissingToolError)) throw error;
  console.warn(`the rolling update is skipped: ${error.message}`);
  return undefined;
});
const rendered = endings === undefined ? test.skip : test;

/** One request of a client that repeats nothing: whatever fails is seen. */
function ask(url: string, agent: http.Agent, body?: string): Promise<Page> {
  const { promise, resolve, reject } = Promise.withResolvers<Page>();
  const method = body === undefined ? 'GET' : 'POST';
  const request = http.request(url, { method, agent, headers: { 'x-trino-user': 'e2e' } }, async (response) => {
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    if (response.statusCode === 200) resolve(JSON.parse(text) as Page);
    else reject(new Error(`HTTP ${response.statusCode}: ${text}`));
  });
  request.once('error', reject).end(body);
  return promise;
}

rendered(
  'a rolling update of everything at once, as the manifests make Kubernetes do it, is seen by no client',
  async () => {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'rolling-update-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const trino = stack.use(await startScriptedTrino());
    trino.when(/^SELECT load/, ({ statement }) => ({
      runMs: Number(/in (\d+)/.exec(statement)?.[1]),
      columns: [{ name: 'n', type: 'varchar' }],
      rows: [[statement]],
    }));
    // Endpoints of a Service are everywhere after a second or two; the balancer before the routers is a slow one.
    const api = stack.use(await startServiceAddress({ everyMs: 1_000, refusals: 2 }));
    const entrance = stack.use(await startServiceAddress({ everyMs: 5_000, refusals: 2 }));
    const pods: Record<ServiceName, Pod[]> = { gatewayserver: [], monitor: [], router: [] };
    let started = 0;
    const settings = (service: ServiceName): Record<string, string> => {
      if (service === 'gatewayserver') return { DATABASE_URL: `sqlite:${folder}/gateway.db`, DEFAULT_GROUP: 'all' };
      if (service === 'monitor') return { GATEWAYSERVER_URL: api.url, INTERVAL: '1s', PROBATION: '10ms' };
      return { GATEWAYSERVER_URL: api.url, STATE_FILE: `${folder}/router-${started++}.json` };
    };
    const start = async (service: ServiceName) => {
      const pod = await startPod(service, settings(service));
      stack.use(pod.process);
      pods[service].push(pod);
      if (service === 'gatewayserver') api.add(pod);
      if (service === 'router') entrance.add(pod);
    };
    for (const service of ['gatewayserver', 'gatewayserver', 'monitor', 'router', 'router'] as const)
      await start(service);
    const calls = pods.gatewayserver.map(({ url }) => gatewayCall(url));
    const suite = configureSuite(calls[0] as (typeof calls)[0], calls);
    await suite.addBackends({ one: trino.url }, { maxRunningQueries: SLOTS });
    await suite.addGroup('all', ['one']);

    const wrong: string[] = [];
    let submitted = 0;
    let ended = 0;
    let waited = 0;
    let isOver = false;
    const client = async (number: number) => {
      // Half of them keep their connections, the others open one for each request.
      const agent = new http.Agent({ keepAlive: number % 2 === 0, maxSockets: 1 });
      stack.defer(() => agent.destroy());
      while (!isOver) {
        const statement = `SELECT load ${submitted++} in ${number % 3 === 0 ? 3_000 : 100}`;
        const rows: unknown[] = [];
        let page = await ask(`${entrance.url}/v1/statement`, agent, statement);
        const first = page.id;
        for (; page.nextUri !== undefined; page = await ask(page.nextUri, agent)) rows.push(...(page.data ?? []));
        rows.push(...(page.data ?? []));
        if (page.id !== first) waited++;
        if (JSON.stringify(rows) !== JSON.stringify([[statement]])) wrong.push(page.error?.message ?? statement);
        ended++;
      }
    };
    const load = Promise.all(
      Array.from({ length: CLIENTS }, (_, number) =>
        client(number).catch((error: Error) => void wrong.push(`client ${number}: ${error.message}`)),
      ),
    );
    await until('queries to pass', () => ended > CLIENTS);

    const before = ended;
    const update = async (service: ServiceName) => {
      for (const old of [...pods[service]]) {
        await start(service);
        const ending = endings?.[service] ?? { hook: '', graceMs: 0 };
        const { code, ms } = await endPod(old, ending);
        expect([service, code]).toEqual([service, 0]);
        expect(ms).toBeLessThan(ending.graceMs);
      }
    };
    await Promise.all([update('gatewayserver'), update('monitor'), update('router')]);
    const during = ended - before;
    await until('queries to pass once more', () => ended > before + during + CLIENTS);
    isOver = true;
    await load;

    expect(wrong).toEqual([]);
    expect([entrance.refused, api.refused]).toEqual([[], []]);
    expect(during).toBeGreaterThan(CLIENTS * 3);
    expect(waited).toBeGreaterThan(CLIENTS);
    const ran = trino.queries.filter(({ statement }) => statement.startsWith('SELECT load'));
    expect(ran.length).toBe(submitted);
    expect(new Set(ran.map(({ statement }) => statement)).size).toBe(submitted);
  },
  LIMIT_MS,
);
