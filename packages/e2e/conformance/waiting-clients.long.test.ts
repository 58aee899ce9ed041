import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { until } from '@trino-gateway/testing/processes/until';
import { runCommand } from '@trino-gateway/testing/toolchains/run-command';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { type ClientName, clientNames, prepareClients } from '../client-matrix/clients.ts';
import { cliProgram } from '../client-matrix/java-programs.ts';
import { type ManyClient, runMany } from '../client-matrix/run-many.ts';
import { runClientMatrix } from '../client-matrix/run-matrix.ts';
import { clientModels, type RawPage } from './client-models.ts';
import { numberOf, type QueuedBed, startQueuedBed } from './queued-bed.ts';

// What real clients do while their statements wait here for the slot of a real cluster, and what they say when there is none.
const LIMIT_MS = 600_000;
/** Three minutes, as the case says, make no other way through the programs than ten seconds. */
const WAITS_MS = numberOf('WAITS_SECONDS', 8) * 1_000;
const drivers: ManyClient[] = ['dbapi', 'go', 'js', 'jdbc'];
const say = (line: string) => void process.stderr.write(`${line}\n`);
let bed: QueuedBed;
let starting: ScriptedTrino;
let held: OpenQuery | undefined;

beforeAll(async () => {
  await prepareClients(clientNames, say);
  bed = await startQueuedBed({ router: { ATTEMPT_TIME_LIMIT: '60s' } });
  starting = await startScriptedTrino({ startingMs: 3_600_000 });
  const [nobody = 0] = await freePorts(1);
  const { suite } = bed;
  const backends = { starting: starting.url, gone: `http://127.0.0.1:${nobody}` };
  for (const [id, url] of Object.entries(backends)) {
    await suite.call('BackendService/PutBackend', { backend: { id, url } });
    await suite.addGroup(id, [id], { queue: { whenUnavailable: 'REFUSE' } });
  }
  await suite.addGroup('full', ['one'], { queue: { maxQueued: 1 } });
  const says = (id: string, what: object) => ({ id, when: `statement.contains("is ${id}")`, ...what });
  const rules = [
    says('denied', { refuse: 'ask the data team' }),
    ...['full', 'gone', 'starting'].map((groupId) => says(groupId, { groupId })),
  ];
  await suite.call('RoutingService/PutRoutingChain', { chain: { steps: [{ id: 'rules', rules: { rules } }] } });
  await until(
    'every router to know of it',
    async () => {
      for (const { url } of suite.routers) {
        const { error } = await (await openQuery(url, "SELECT 'is denied'")).finish();
        if (error === undefined) return false;
      }
      return true;
    },
    LIMIT_MS,
  );
}, 2_400_000);

afterEach(async () => {
  await held?.cancel();
  held = undefined;
}, 60_000);

afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  await starting?.stop();
}, 60_000);

/** The CLI by itself: what it printed of its statements. */
async function cli(user: string, ...statements: string[]): Promise<string> {
  const { command, args } = await cliProgram(say);
  const lines: string[] = [];
  const options = ['--server', bed.balancer.url, '--user', user, '--output-format', 'TSV', '--ignore-errors'];
  const onLine = (line: string) => lines.push(line);
  await runCommand(command, [...args, ...options, '--execute', statements.join('; ')], {
    timeoutMs: LIMIT_MS,
    onLine,
  }).catch((error: Error) => lines.push(error.message));
  return lines.join('\n');
}

/** Polls as they are written, to the last page. */
async function modelled(statement: string): Promise<{ problems: string[]; rows: unknown[] }> {
  const read = async (link: string, init: RequestInit = {}) =>
    (await (await fetch(link, { headers: { 'x-trino-user': 'models' }, ...init })).json()) as RawPage;
  const problems: string[] = [];
  const rows: unknown[] = [];
  let page = await read(`${bed.balancer.url}/v1/statement`, { method: 'POST', body: statement });
  for (let at = 0; ; at += 1) {
    for (const [client, model] of Object.entries(clientModels))
      problems.push(...model(page, at).map((problem) => `${client}: ${problem} of page ${at}`));
    rows.push(...((page.data as unknown[]) ?? []));
    if (page.nextUri === undefined) return { problems, rows };
    page = await read(page.nextUri as string);
  }
}

test(
  'case 48, 49: clients wait for their slot, poll no more often than needed, and get their rows',
  async () => {
    held = await bed.hold();
    const statement = 'SELECT count(*) FROM tpch.tiny.orders';
    const run = (client: ManyClient) =>
      runMany(client, { url: bed.balancer.url, user: client, statements: [statement], timeoutMs: LIMIT_MS });
    const results = Promise.all([
      ...drivers.map(run),
      cli('cli', statement).then((text) => text.split('\n').slice(-1)),
    ]);
    const strict = modelled(statement);
    await until('all to wait', async () => (await bed.queued()) === drivers.length + 2, LIMIT_MS);
    const { queries } = await bed.suite.call<{ queries: { id: string; user: string }[] }>(
      'QueueService/ListQueued',
      {},
    );
    const polls = () => queries.map(({ id }) => bed.balancer.polls(id).length);
    const [before, began] = [polls(), performance.now()];
    await until('them to have waited', () => performance.now() - began > WAITS_MS, LIMIT_MS);
    const seconds = (performance.now() - began) / 1_000;
    const rates = polls().map((count, at) => (count - (before[at] ?? 0)) / seconds);
    say(queries.map(({ user }, at) => `${user} polled ${rates[at]?.toFixed(2)} times a second`).join(', '));
    expect(await bed.queued()).toBe(queries.length);
    for (const rate of rates) expect(rate).toBeLessThan(1.5);
    for (const rate of rates) expect(rate).toBeGreaterThan(0.1);
    await held.cancel();
    held = undefined;
    expect(await results).toEqual(Array(drivers.length + 1).fill(['15000']));
    expect(await strict).toEqual({ problems: [], rows: [[15_000]] });
  },
  LIMIT_MS,
);

/** What each refusal is called, and what it says. */
const refusals = {
  denied: ['QUERY_REJECTED', 'ask the data team'],
  full: ['QUERY_QUEUE_FULL', 'Too many queued queries for group full'],
  gone: ['NO_NODES_AVAILABLE', 'gone'],
  starting: ['NO_NODES_AVAILABLE', 'starting'],
} as const;
/** These put the name of an error into their text. */
const tellsNames: ReadonlySet<string> = new Set(['dbapi', 'js']);

test(
  'case 50, 51: each client prints why its statement was refused, never a status or a page',
  async () => {
    held = await bed.hold();
    const first = await bed.wait("SELECT 'is full'");
    const statements = Object.keys(refusals).map((what) => `SELECT 'is ${what}'`);
    const run = (client: ManyClient) =>
      runMany(client, { url: bed.balancer.url, user: client, statements, timeoutMs: LIMIT_MS });
    const told: Record<string, string[]> = Object.fromEntries(
      await Promise.all([
        ...drivers.map(async (client) => [client, await run(client)]),
        (async () => ['cli', (await cli('cli', ...statements)).split('\n').filter((line) => /failed/.test(line))])(),
      ]),
    );
    await first.cancel();
    for (const [client, texts] of Object.entries(told))
      for (const [at, [name, message]] of Object.values(refusals).entries()) {
        say(`${client}: ${texts[at]}`);
        expect([client, texts[at]]).toEqual([client, expect.stringContaining(message)]);
        if (tellsNames.has(client)) expect(texts[at]).toContain(name);
        expect(texts[at]).not.toMatch(/\b(50[0-9]|429)\b|<html|HTTP/i);
      }
  },
  LIMIT_MS,
);

/** The polls that both routers hold. */
async function heldPolls(): Promise<number> {
  const texts = await Promise.all(
    bed.suite.routers.map(async ({ opsUrl }) => (await fetch(`${opsUrl}/metrics`)).text()),
  );
  return texts.reduce((sum, text) => sum + Number(/^trino_gateway_router_held_polls (\d+)$/m.exec(text)?.[1]), 0);
}

test(
  'case 52: each client cancels a statement that waits: it is out of the queue, and never reaches a cluster',
  async () => {
    held = await bed.hold();
    const names = clientNames.filter((name) => name !== 'sqlalchemy'); // the same package as dbapi
    // A driver that has no answer yet to its submission knows nothing to cancel.
    const all = until('all to ask again', async () => (await heldPolls()) === names.length, LIMIT_MS, 20);
    const run = (client: ClientName) =>
      Array.fromAsync(
        runClientMatrix({
          ...{ url: bed.balancer.url, user: `gives-up-${client}`, only: [client], cases: ['cancel'] },
          untilToCancel: () => all,
        }),
      );
    const results = (await Promise.all(names.map(run))).flat();
    expect(results.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(results).toHaveLength(names.length);
    // Not each of them waits for the answer to its DELETE.
    await until('none to wait', async () => (await bed.queued()) === 0);
    type Row = { user: string; trinoQueryId?: string; error?: { name: string } };
    const rows = await until('history to have them', async () => {
      const { queries = [] } = await bed.suite.call<{ queries?: Row[] }>('QueryService/ListQueries', {
        state: 'FAILED',
        pageSize: 500,
      });
      const own = queries.filter(({ user }) => user.startsWith('gives-up-'));
      return own.length === names.length && own;
    });
    for (const { user, trinoQueryId = '', error } of rows)
      expect([user, trinoQueryId, error?.name]).toEqual([user, '', 'USER_CANCELED']);
  },
  LIMIT_MS,
);

test(
  'case 57: a client that posts again, because the cluster took longer than it waits, runs its statement once',
  async () => {
    await using slow = await startScriptedTrino();
    await bed.suite.addBackends({ slow: slow.url });
    await bed.suite.addGroup('other', ['slow']);
    // Go's client posts once: its own time limit ends it.
    const clients: ManyClient[] = ['dbapi', 'jdbc'];
    const rules = [{ id: 'slow', when: 'source == "" || statement.contains("posted by")', groupId: 'other' }];
    await bed.suite.call('RoutingService/PutRoutingChain', { chain: { steps: [{ id: 'rules', rules: { rules } }] } });
    const statementOf = (client: ManyClient) => `SELECT 57 /* posted by ${client} */`;
    for (const client of clients)
      slow.fault({ on: ({ body }) => body === statementOf(client), action: { kind: 'slow', ms: 5_000 } });
    const posts = (client: ManyClient) => slow.requests.filter(({ body }) => body === statementOf(client)).length;
    const results = await Promise.all(
      clients.map((client) =>
        runMany(client, {
          ...{ url: bed.suite.router.url, user: client, timeoutMs: LIMIT_MS, answerSeconds: 3 },
          statements: [statementOf(client)],
        }),
      ),
    );
    say(clients.map((client) => `${client} posted ${posts(client)} times`).join(', '));
    expect(results).toEqual(clients.map(() => ['57']));
    for (const client of clients) {
      expect([client, posts(client)]).toEqual([client, 2]);
      const ran = slow.queries.filter(({ statement }) => statement === statementOf(client));
      expect([client, ran.length]).toEqual([client, 1]);
    }
  },
  LIMIT_MS,
);
