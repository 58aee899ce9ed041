import { cpuSeconds } from '@trino-gateway/testing/processes/process-cost';
import { startSuite } from '@trino-gateway/testing/suite/suite';
import { Pool } from 'undici';
import { startNodeCoordinator } from '../contenders/coordinators.ts';
import type { Bench } from './run.ts';

const BYTES = 8_000_000;
const CLIENTS = 4;
const STATEMENT = 'SELECT large';
const USER = { 'x-trino-user': 'bench', 'x-trino-source': 'bench' };

type Target = { path: string; headers: Record<string, string> };
type Page = {
  nextUri?: string;
  data?: { segments?: { uri: string; headers: Record<string, string[]> }[] } | unknown[][];
};

/**
 * How fast a spooled segment streams through a router beside a page of the same size, each asked for again and again in turn, and what a
 * megabyte of it costs the router.
 */
export async function spooledCosts({ say, seconds, rounds }: Bench): Promise<void> {
  await using coordinator = await startNodeCoordinator(['--page-bytes', String(BYTES), '--spooling']);
  await using suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'g' }, router: { EXPLAIN_HEADERS: 'false' } });
  await suite.addBackends({ one: coordinator.url });
  await suite.addGroup('g', ['one']);
  const { url, pid } = suite.router;
  const targets = {
    'an ordinary page': await pageWithRows(url),
    'a spooled segment': await spooledSegment(url),
  };
  const found = new Map(Object.keys(targets).map((name) => [name, [] as { rate: number; cpuMs: number }[]]));
  for (let round = 0; round < rounds; round++)
    for (const [name, target] of Object.entries(targets)) {
      const before = cpuSeconds([pid]);
      const { megabytes, tookSeconds } = await stream(url, target, seconds);
      const cpuMs = ((cpuSeconds([pid]) - before) * 1_000) / megabytes;
      found.get(name)?.push({ rate: megabytes / tookSeconds, cpuMs });
    }
  say(`| ${BYTES / 1_000_000} MB again and again, ${CLIENTS} clients | MB a second | of a page | router CPU ms a MB |`);
  say('| --- | ---: | ---: | ---: |');
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  let ofPage = Number.NaN;
  for (const [name, runs] of found) {
    const rate = median(runs.map((run) => run.rate));
    if (Number.isNaN(ofPage)) ofPage = rate;
    const cpuMs = median(runs.map((run) => run.cpuMs));
    say(`| ${name} | ${rate.toFixed(0)} | ${(rate / ofPage).toFixed(2)} | ${cpuMs.toFixed(2)} |`);
  }
  say('');
}

async function stream(url: string, { path, headers }: Target, seconds: number) {
  const pool = new Pool(url, { connections: CLIENTS, pipelining: 1 });
  let bytes = 0;
  const began = performance.now();
  const client = async () => {
    while (performance.now() - began < seconds * 1_000) {
      const { statusCode, body } = await pool.request({ path, method: 'GET', headers });
      if (statusCode !== 200) throw new Error(`${path.slice(0, 80)} was answered with ${statusCode}`);
      for await (const chunk of body) bytes += (chunk as Buffer).length;
    }
  };
  try {
    await Promise.all(Array.from({ length: CLIENTS }, client));
  } finally {
    await pool.destroy();
  }
  return { megabytes: bytes / 1_000_000, tookSeconds: (performance.now() - began) / 1_000 };
}

/** The same token gives the same page. */
async function pageWithRows(url: string): Promise<Target> {
  for await (const { path, page } of pagesOf(url, {})) if (page.data !== undefined) return { path, headers: USER };
  throw new Error('no page has rows');
}

async function spooledSegment(url: string): Promise<Target> {
  for await (const { page } of pagesOf(url, { 'x-trino-query-data-encoding': 'json' })) {
    if (page.data === undefined || Array.isArray(page.data)) continue;
    const [segment] = page.data.segments ?? [];
    if (segment === undefined) continue;
    const headers = Object.entries(segment.headers).map(([name, values]) => [name, values.join(',')]);
    return { path: new URL(segment.uri).pathname, headers: Object.fromEntries(headers) };
  }
  throw new Error('no page has a segment');
}

async function* pagesOf(url: string, headers: Record<string, string>): AsyncGenerator<{ path: string; page: Page }> {
  let path = '/v1/statement';
  let answer = await fetch(url + path, { method: 'POST', body: STATEMENT, headers: { ...USER, ...headers } });
  for (;;) {
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    const page = (await answer.json()) as Page;
    yield { path, page };
    if (page.nextUri === undefined) return;
    path = new URL(page.nextUri).pathname;
    answer = await fetch(url + path, { headers: USER });
  }
}
