import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startScriptedTrino } from '@trino-gateway/testing';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { startProgram } from '@trino-gateway/testing/processes/start-program';
import { until } from '@trino-gateway/testing/processes/until';
import { startScript } from '@trino-gateway/testing/suite/start-script';
import { startService } from '@trino-gateway/testing/suite/start-service';
import { type AttackSuite, logRows, startAttackSuite } from '../support/attack-suite.ts';
import { LITERAL, TOKEN } from '../support/planted-secrets.ts';
import { must, type Row, row, type Table } from '../support/rows.ts';
import { ask } from '../support/wire.ts';
import { FOREIGN_ORIGIN, foreignRequests, JSON_TYPE, RPC_DISABLE } from './foreign-requests.ts';

const ROW_MS = 20_000;

/** The API and what is stored, without credentials: as a page in an operator's browser, or somebody on the same machine. */
export async function openApiTable(rows: Row[]): Promise<Table> {
  await using trino = await startScriptedTrino();
  await using suite = await startAttackSuite({
    gatewayserver: { DEFAULT_GROUP: 'all' },
    router: { GATEWAYSERVER_TOKEN: TOKEN },
    monitor: { GATEWAYSERVER_TOKEN: TOKEN },
  });
  await suite.addBackends({ b0: trino.url }, { maxRunningQueries: 1 });
  await suite.addGroup('all', ['b0'], { queue: { maxQueued: 100 } });
  rows.push(
    ...(await browserRows(suite)),
    await row('an operator on this machine changes and reads', ROW_MS, () => honest(suite)),
    ...(await Promise.all(logLevelRows(suite))),
    await row('other addresses than loopback need a token', ROW_MS, () => startsOpen()),
    await row('an id nobody ever had writes no history', ROW_MS, () => madeUp(suite)),
    await row('the text of what waits is not in the database in clear', ROW_MS, () => waitingText(suite)),
    await row('files: the database 0600, its folder 0700, the state file 0600', ROW_MS, () => modes(suite)),
    ...(await logRows('API', suite)),
  );
  return { title: 'The API and what is stored, without credentials', picture: [] };
}

/** What a page of somebody else can have a browser send, without a token set. */
async function browserRows(suite: AttackSuite): Promise<Row[]> {
  const port = Number(new URL(suite.gatewayserver.url).port);
  const own = ['Host', `127.0.0.1:${port}`];
  const rows: Row[] = [];
  for (const [name, asking] of foreignRequests(port))
    rows.push(
      await row(name, ROW_MS, async () => {
        const { status, text } = await ask({ port, ...asking });
        const isThere = await isEnabled(suite).catch(() => false);
        must(status >= 400 && status < 500 && isThere, `${status}, b0 ${isThere ? '' : 'not '}enabled: ${text}`);
        return `${status}`;
      }),
    );
  rows.push(
    await row('no other origin may read an answer', ROW_MS, async () => {
      const headers = [...own, ...FOREIGN_ORIGIN, 'Access-Control-Request-Method', 'POST'];
      const preflight = await ask({ port, method: 'OPTIONS', target: RPC_DISABLE, headers });
      const read = await ask({ port, target: '/api/v1/backends', headers: [...own, ...FOREIGN_ORIGIN] });
      const allowed = [preflight, read].map((reply) => reply.headers['access-control-allow-origin']);
      must(
        allowed.every((value) => value === undefined),
        `Access-Control-Allow-Origin: ${allowed}`,
      );
      return `${preflight.status}, ${read.status}, no Access-Control-Allow-Origin`;
    }),
  );
  return rows;
}

async function isEnabled({ call }: AttackSuite): Promise<boolean> {
  const { enabled } = await call<{ enabled?: boolean }>('BackendService/GetBackend', { id: 'b0' });
  if (enabled === false) await call('BackendService/EnableBackend', { id: 'b0' });
  return enabled !== false;
}

async function honest(suite: AttackSuite): Promise<string> {
  const port = Number(new URL(suite.gatewayserver.url).port);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
    const headers = ['Host', host, 'Origin', `http://${host}`, ...JSON_TYPE];
    const put = await ask({ port, method: 'POST', target: '/api/v1/backends/b0:enable', headers, body: '{}' });
    const read = await ask({ port, target: '/api/v1/backends', headers: ['Host', host] });
    must(put.status === 200 && read.status === 200, `${host}: ${put.status} ${put.text}, ${read.status} ${read.text}`);
  }
  return 'as 127.0.0.1 and as localhost';
}

function logLevelRows({ monitor, router, folder }: AttackSuite): Promise<Row>[] {
  const refuses = async (opsUrl: string) => {
    const asking = { port: Number(new URL(opsUrl).port), method: 'PUT', target: '/log-level', body: 'debug' };
    const { status } = await ask(asking);
    const guess = await ask({ ...asking, headers: ['Authorization', 'Bearer guess'] });
    must([401, 403].includes(status) && [401, 403].includes(guess.status), `${status}, and ${guess.status} to a guess`);
    const known = await ask({ ...asking, headers: ['Authorization', `Bearer ${TOKEN}`], body: 'info' });
    must(known.status === 200, `${known.status} to the token: ${known.text}`);
    return `${status}; the token may`;
  };
  const guardedServer = async () => {
    const [port, ops] = await freePorts(2);
    const settings = { LISTEN: `127.0.0.1:${port}`, OPS_LISTEN: `127.0.0.1:${ops}`, ADMIN_TOKEN: TOKEN };
    const more = { DATABASE_URL: `sqlite:${folder}/second/gateway.db` };
    await using _ = await startService('gatewayserver', { ...settings, ...more }, `http://127.0.0.1:${ops}`);
    return await refuses(`http://127.0.0.1:${ops}`);
  };
  return [
    row('PUT /log-level of a gatewayserver without its token', ROW_MS, guardedServer),
    row('PUT /log-level of a monitor without its token', ROW_MS, () => refuses(monitor.opsUrl)),
    row('PUT /log-level of a router without its token', ROW_MS, () => refuses(router.opsUrl)),
  ];
}

async function startsOpen(): Promise<string> {
  const [port, ops] = await freePorts(2);
  const env = {
    TRINO_GATEWAY_GATEWAYSERVER_LISTEN: `0.0.0.0:${port}`,
    TRINO_GATEWAY_GATEWAYSERVER_OPS_LISTEN: `127.0.0.1:${ops}`,
    TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL: 'sqlite::memory:',
  };
  const started = await startProgram(startScript('gatewayserver', [], env));
  const ended = started.ended.then(({ code }) => Number(code));
  try {
    const isOpen = async () => (await fetch(`http://127.0.0.1:${ops}/readyz`)).ok;
    const outcome = await Promise.race([ended, until('it to be ready or to exit', isOpen, 15_000)]);
    must(outcome !== true && outcome !== 0, outcome === true ? 'it serves everybody' : 'it exited with 0');
    return `exit code ${outcome}`;
  } finally {
    await started.kill();
  }
}

async function madeUp({ call, router }: AttackSuite): Promise<string> {
  const [port = 0] = router.ports;
  const headers = ['X-Trino-User', 'mallory'];
  const id = await run(port, 'SELECT 1', 'first-one');
  const ids = [`20260101_000000_77777_${id.slice(-5)}`, '20260101_000000_77777_zzzzz', '20260101_000000_77777_0zzzz'];
  for (const made of ids) {
    await ask({ port, method: 'DELETE', target: `/v1/query/${made}`, headers });
    await ask({ port, method: 'PUT', target: `/v1/query/${made}/killed`, headers, body: 'x' });
    await ask({ port, target: `/v1/query/${made}`, headers });
    await ask({ port, method: 'DELETE', target: `/v1/statement/queued/${made}/yabc/1`, headers });
  }
  // What is told later is stored later.
  await run(port, 'SELECT 2', 'last-one');
  type Listed = { queries?: { trinoQueryId?: string; id: string; user?: string }[] };
  const list = () => call<Listed>('QueryService/ListQueries', { pageSize: 100 });
  await until('the last one to be in history', async () =>
    (await list()).queries?.some(({ user }) => user === 'last-one'),
  );
  const { queries = [] } = await list();
  const found = queries.filter((query) => ids.some((made) => made === query.id || made === query.trinoQueryId));
  must(found.length === 0, `${found.length} rows: ${JSON.stringify(found[0])}`);
  return `${ids.length} ids, ${queries.length} rows of others`;
}

/** Answers the id of the statement, at its end. */
async function run(port: number, body: string, user: string): Promise<string> {
  const headers = ['X-Trino-User', user];
  let reply = await ask({ port, method: 'POST', target: '/v1/statement', headers, body });
  for (let polls = 0; polls < 20 && reply.status === 200; polls++) {
    const { id, nextUri } = JSON.parse(reply.text) as { id: string; nextUri?: string };
    if (nextUri === undefined) return id;
    reply = await ask({ port, target: new URL(nextUri).pathname, headers });
  }
  throw new Error(`a statement did not come to its end: ${reply.status} ${reply.text}`);
}

async function waitingText({ call, router, dataFolder }: AttackSuite): Promise<string> {
  const [port = 0] = router.ports;
  const headers = ['X-Trino-User', 'alice'];
  await call('QueueService/HoldGroup', { id: 'all' });
  const body = `SELECT '${LITERAL}' AS waits`;
  const { status } = await ask({ port, method: 'POST', target: '/v1/statement', headers, body });
  const waits = async () => {
    const { queries = [] } = await call<{ queries?: unknown[] }>('QueueService/ListQueued', {});
    return queries.length > 0;
  };
  await until('it to wait', waits, 10_000);
  // A report to history is sent within a second: the line of somebody refused later comes after it.
  await until(
    'history to have it',
    async () => {
      const { queries = [] } = await call<{ queries?: { user?: string }[] }>('QueryService/ListQueries', {
        pageSize: 100,
      });
      return queries.some(({ user }) => user === 'alice');
    },
    5_000,
  ).catch(() => {});
  const files = readdirSync(dataFolder).filter((name) => readFileSync(join(dataFolder, name)).includes(LITERAL));
  await call('QueueService/ReleaseGroup', { id: 'all' });
  must(files.length === 0, `it stands in ${files.join(', ')}`);
  return `status ${status}, in none of the files`;
}

function modes({ dataFolder, folder }: AttackSuite): string {
  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
  const files = [...readdirSync(dataFolder).map((name) => join(dataFolder, name)), join(folder, 'router-0.json')];
  const seen = [...files.map((path) => `${path.split('/').at(-1)} ${modeOf(path)}`), `folder ${modeOf(dataFolder)}`];
  must(files.every((path) => modeOf(path) === '600') && modeOf(dataFolder) === '700', seen.join(', '));
  return seen.join(', ');
}
