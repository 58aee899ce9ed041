import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { startScriptedTrino } from '@trino-gateway/testing';
import { type AttackSuite, logRows, processesOf, startAttackSuite } from '../support/attack-suite.ts';
import { basic, PASSWORD } from '../support/planted-secrets.ts';
import { peakMb } from '../support/process-figures.ts';
import { type GridCell, grid, inTurn, must, type Row, row, type Table } from '../support/rows.ts';
import { shippedMemoryMb } from '../support/shipped-containers.ts';
import { ask, type Reply } from '../support/wire.ts';
import { MALICIOUS_SUFFIX, type MaliciousCluster, MISBEHAVIOURS, startMaliciousCluster } from './malicious-cluster.ts';

/** Beyond the time limits that this suite has, for a machine that is busy. */
const SLACK_MS = 10_000;
const LIMITS_MS = { post: 5_000, poll: 3_000 + 5_500, query: 3_000, ui: 3_000 } as const;
type Stage = keyof typeof LIMITS_MS;
const AT_A_TIME = 24;
/** What fails while a cluster is asked, so that the next one can be. */
const NEXT_ONE = [
  '101 without Upgrade',
  'status 000',
  'closes at once',
  'bad chunks',
  'no page',
  'a head that never ends',
];
/** How clusters are bad to the monitor. */
const TO_MONITOR = [
  'switches protocols, 101',
  'status 000',
  'a flood of 100 Continue',
  'a head of 12 MB',
  'an endless page at full speed',
  'a redirect elsewhere',
  'JSON nested 100,000 deep',
  'no HTTP',
];
const ADDRESS = /127\.0\.0\.1|localhost/;

type World = {
  suite: AttackSuite;
  port: number;
  malicious: MaliciousCluster;
  good: { suffix: string };
  trapped: () => number;
};

/** What a cluster can do to the router, the monitor and the clients of others. */
export async function maliciousClustersTable(rows: Row[]): Promise<Table> {
  let trapped = 0;
  const trap = net.createServer((socket) => {
    trapped += 1;
    socket.destroy();
  });
  trap.listen(0, '127.0.0.1');
  await once(trap, 'listening');
  const trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
  await using stack = new AsyncDisposableStack();
  stack.defer(() => void trap.close());
  const good = stack.use(await startScriptedTrino());
  const dying = stack.use(await startScriptedTrino());
  const malicious = stack.use(await startMaliciousCluster(trapUrl, () => good.suffix));
  const suite = stack.use(
    await startAttackSuite({
      router: { ATTEMPT_TIME_LIMIT: '2s', SUBMIT_TIME_LIMIT: '5s', POLL_TIME_LIMIT: '3s' },
      // A busy machine makes no good cluster a bad one.
      monitor: { PROBE_TIME_LIMIT: '8s', FAILURES_BEFORE_UNHEALTHY: '50' },
    }),
  );
  await suite.addBackends({ good: good.url, dying: dying.url, malicious: malicious.url });
  const groups = { good: ['good'], dying: ['dying'], malicious: ['malicious'], two: ['malicious', 'good'] };
  for (const [id, members] of Object.entries(groups)) {
    await suite.addGroup(id, members, { strategy: 'ROUND_ROBIN' });
    await suite.call('PolicyService/PutPolicy', { policy: { id, host: `${id}.example`, groupId: id } });
  }
  for (const [at, way] of TO_MONITOR.entries()) {
    const cluster = stack.use(await startMaliciousCluster(trapUrl, () => '', way));
    await suite.call('BackendService/PutBackend', { backend: { id: `always-${at}`, url: cluster.url } });
  }
  const world: World = { suite, port: suite.router.ports[0] ?? 0, malicious, good, trapped: () => trapped };
  const tries = Object.keys(MISBEHAVIOURS).flatMap((way) =>
    (['post', 'poll', 'query', 'ui'] as const).map((stage) => ({ way, stage })),
  );
  rows.push(...(await deadRows(world, () => dying.kill())));
  const cells: GridCell[] = [];
  await inTurn(tries, AT_A_TIME, async ({ way, stage }) => {
    const limitMs = LIMITS_MS[stage] + 3 * SLACK_MS;
    const tried = await row(`${stage}: ${way}`, limitMs, () => tryWay(world, way, stage));
    rows.push(tried);
    cells.push({ line: way, column: stage, broken: tried.broken, text: tried.saw });
  });
  for (const way of NEXT_ONE)
    rows.push(await row(`the next cluster answers: ${way}`, 15_000, () => nextAnswers(world, way)));
  rows.push(await row("an id with another live cluster's suffix", 20_000, () => stolenId(world)));
  rows.push(...(await afterwards(world)));
  rows.push(...(await logRows('clusters', suite)));
  const picture = [
    'What a cluster answers to a statement, a poll, a question about a query and the web UI: what its client gets.',
    ...grid('the cluster answers', cells),
    ...rows
      .filter(({ broken, name }) => broken === undefined && !/^(post|poll|query|ui):/.test(name))
      .map(({ name, saw }) => `held    ${name}: ${saw}`),
  ];
  return { title: 'Malicious clusters', picture };
}

function pageOf({ status, text, failure }: Reply): { id: string; nextUri?: string } {
  must(status === 200 && text.startsWith('{'), `${failure ?? status} instead of a page: ${text.slice(0, 100)}`);
  return JSON.parse(text) as { id: string; nextUri?: string };
}

const asked = (host: string, way: string) => ['Host', host, 'X-Trino-User', 'alice', 'X-Trino-Client-Info', way];

async function tryWay({ port, malicious }: World, way: string, stage: Stage): Promise<string> {
  const headers = asked('malicious.example', `${stage} ${way}`);
  const post = { port, method: 'POST', target: '/v1/statement', headers, body: 'SELECT 1' };
  const timeMs = LIMITS_MS[stage] + SLACK_MS;
  let reply: Reply;
  if (stage === 'post') reply = await toItsEnd(port, headers, await ask({ ...post, timeMs }));
  else if (stage === 'poll') {
    const { nextUri } = pageOf(await ask(post));
    reply = await ask({ port, target: new URL(nextUri ?? '').pathname, headers, timeMs });
  } else {
    const target = stage === 'query' ? `/v1/query/20260101_000000_00001_${MALICIOUS_SUFFIX}` : '/ui/';
    reply = await ask({ port, target, headers, timeMs });
  }
  const { status, text, failure, ms } = reply;
  const saw = `${failure ?? status} in ${(ms / 1_000).toFixed(1)} s`;
  // Half a page ends as a broken connection; before its first byte there is an answer.
  must(status !== 0 || failure === 'socket hang up', saw);
  must(status === 0 ? stage !== 'post' : status >= 200 && status < 600, saw);
  const isPage = stage === 'post' || stage === 'poll';
  // What a cluster says of itself in its own pages is its business; redirects are for browsers.
  must(!isPage || [0, 200, 304].includes(status) || status >= 400, saw);
  // Later pages pass as they are, and their links with them.
  if (stage === 'post' || status >= 400) {
    mustNameNobody(text, malicious.port, saw);
    must(!/"nextUri":"https?:\/\/(?!malicious\.example)/.test(text), `${saw}: a link elsewhere: ${text.slice(0, 200)}`);
  }
  return saw;
}

function mustNameNobody(text: string, port: number, saw: string): void {
  const at = ADDRESS.exec(text)?.index ?? text.indexOf(`:${port}`);
  must(at < 0 || text === '', `${saw}, and it tells: ${text.slice(Math.max(0, at - 80), at + 80)}`);
}

async function nextAnswers({ port, good }: World, way: string): Promise<string> {
  const headers = asked('two.example', `post ${way}`);
  const ids: string[] = [];
  for (let tries = 0; tries < 3; tries++) {
    const { id } = pageOf(await ask({ port, method: 'POST', target: '/v1/statement', headers, body: 'SELECT 1' }));
    must(id.endsWith(good.suffix), `${id} is of nobody, or of the bad one`);
    ids.push(id);
  }
  return `${ids.length} statements went to the good one`;
}

/** A refusal is on the page after the first. */
async function toItsEnd(port: number, headers: readonly string[], first: Reply): Promise<Reply> {
  const link = /"nextUri":"http:\/\/[^/"]+(\/v1\/statement\/queued\/\d+_\d+_\d+_0[^"]*)"/.exec(first.text)?.[1];
  if (first.status !== 200 || link === undefined) return first;
  const next = await ask({ port, target: link, headers });
  return { ...(await toItsEnd(port, headers, next)), ms: first.ms };
}

/** A cluster that is gone: neither its address nor how its connection failed is anybody's business. */
async function deadRows({ port }: World, kill: () => Promise<void>): Promise<Row[]> {
  const headers = asked('dying.example', '');
  const begun = await ask({ port, method: 'POST', target: '/v1/statement', headers, body: 'SELECT 1' });
  const { id, nextUri = '' } = pageOf(begun);
  await kill();
  const tries: [string, { method?: string; target: string; body?: string }][] = [
    ['POST', { method: 'POST', target: '/v1/statement', body: 'SELECT 1' }],
    ['poll', { target: new URL(nextUri).pathname }],
    ['cancel', { method: 'DELETE', target: new URL(nextUri).pathname }],
    ['GET query', { target: `/v1/query/${id}` }],
    ['DELETE query', { method: 'DELETE', target: `/v1/query/${id}` }],
    ['kill_query', { method: 'POST', target: '/v1/statement', body: `CALL system.runtime.kill_query('${id}')` }],
    ['info', { target: '/v1/info' }],
    ['status', { target: '/v1/status' }],
    ['ui', { target: '/ui/' }],
    ['ui of the query', { target: `/ui/query.html?${id}` }],
  ];
  return await Promise.all(
    tries.map(([name, asking]) =>
      row(`a cluster that is gone: ${name}`, 20_000, async () => {
        const { status, text } = await toItsEnd(port, headers, await ask({ port, headers, ...asking }));
        must(status >= 200 && !ADDRESS.test(text), `${status} ${text.replace(/"infoUri":"[^"]*",/, '')}`);
        return `${status}`;
      }),
    ),
  );
}

/** Somebody else's suffix must not bring the other's polls and passwords to a cluster. */
async function stolenId({ port, malicious, good, suite }: World): Promise<string> {
  const owner = ['Host', 'good.example', ...basic('alice'), 'X-Trino-User', 'alice'];
  const begun = await ask({ port, method: 'POST', target: '/v1/statement', headers: owner, body: 'SELECT 1' });
  let { nextUri } = pageOf(begun);
  const thief = asked('malicious.example', 'steals');
  const refusals: string[] = [];
  for (let tries = 0; tries < 3; tries++) {
    const asking = { port, method: 'POST', target: '/v1/statement', headers: thief, body: 'SELECT 1' };
    const answer = await toItsEnd(port, thief, await ask(asking));
    const stolenId = /"id":"([^"]+)"/.exec(answer.text)?.[1] ?? '';
    refusals.push(answer.text.includes('"nextUri"') ? `taken as ${stolenId}` : `${answer.status}`);
    const target = new URL(nextUri ?? '').pathname;
    const { status, text: polled } = await ask({ port, target, headers: owner });
    must(status === 200 && polled.includes(good.suffix), `alice's poll: ${status} ${polled}`);
    nextUri = /"nextUri":"([^"]+)"/.exec(polled)?.[1] ?? nextUri;
    await ask({ port, target: `/v1/query/20260101_000000_00002_${good.suffix}`, headers: owner });
  }
  const secret = Buffer.from(`alice:${PASSWORD}`).toString('base64');
  const stolen = malicious.got.filter((request) => request.includes(secret));
  must(stolen.length === 0, `it got ${stolen.length} requests with alice's password: ${stolen[0]?.split('\r\n')[0]}`);
  must(
    refusals.every((name) => !name.startsWith('taken')),
    refusals.join(', '),
  );
  must(/suffix/i.test(suite.router.output()), 'the log says nothing of the contradiction');
  return `refused: ${refusals.join(', ')}`;
}

async function afterwards({ suite, trapped, port, good }: World): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, { pid, opsUrl }] of Object.entries(processesOf(suite)))
    rows.push(
      await row(`afterwards the ${name} runs, within its memory`, 10_000, async () => {
        const { status } = await ask({ port: Number(new URL(opsUrl).port), target: '/readyz' });
        const most = shippedMemoryMb(name as keyof ReturnType<typeof processesOf>);
        const peak = peakMb(pid);
        must(status === 200 && peak < most, `${status}, ${peak.toFixed(0)} of ${most} MB`);
        return `at most ${peak.toFixed(0)} of ${most} MB`;
      }),
    );
  rows.push(
    await row('afterwards a good cluster is served', 10_000, async () => {
      const headers = asked('good.example', '');
      const { status, text } = await ask({ port, method: 'POST', target: '/v1/statement', headers, body: 'SELECT 1' });
      must(status === 200 && text.includes(good.suffix), `${status} ${text}`);
      return 'as before';
    }),
    await row('no process followed a redirect or a link elsewhere', 1_000, () => {
      must(trapped() === 0, `${trapped()} connections came there`);
      return 'none';
    }),
  );
  return rows;
}
