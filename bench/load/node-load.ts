import { readFile } from 'node:fs/promises';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { Pool } from 'undici';
import type { LoadName, LoadOptions, Run, Watch, Where } from './options.ts';

type Page = { nextUri?: string; error?: { message: string } };
type Work = () => Promise<void>;

const USER = { 'x-trino-user': 'bench', 'x-trino-source': 'bench' };

/** The load where there is no Go: it takes so much of the machine that differences shrink. @throws MissingToolError for what it cannot do */
export async function nodeLoad(name: LoadName, where: Where, options: LoadOptions, watch: Watch): Promise<Run> {
  const prepare = preparations[name];
  if (prepare === undefined || options.gzip) throw new MissingToolError(`${name} need Go`);
  const ca = where.ca === undefined ? undefined : await readFile(where.ca);
  const pool = new Pool(where.url, { connections: options.clients, pipelining: 1, ...(ca && { connect: { ca } }) });
  try {
    const work = await prepare(pool, options.statement ?? 'SELECT 1');
    watch.begun?.();
    const cpu = process.cpuUsage();
    const began = performance.now();
    const times = await (options.rate ? atRate(options.rate, options, work) : repeat(options, work));
    const tookSeconds = (performance.now() - began) / 1_000;
    watch.over?.();
    const { user, system } = process.cpuUsage(cpu);
    times.sort((a, b) => a - b);
    const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
    return {
      count: times.length,
      perSecond: times.length / tookSeconds,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      bytes: Number.NaN,
      loadMicros: (user + system) / times.length,
    };
  } finally {
    await pool.destroy();
  }
}

const preparations: Partial<Record<LoadName, (pool: Pool, statement: string) => Promise<Work> | Work>> = {
  // The same token gives the same bytes.
  polls: async (pool) => {
    let path = '/v1/statement';
    let page = await ask(pool, path, 'POST', 'SELECT endless');
    for (let step = 0; step < 3 && page.nextUri; step++) {
      path = new URL(page.nextUri).pathname;
      page = await ask(pool, path, 'GET');
    }
    return async () => {
      const { statusCode, body } = await pool.request({ path, method: 'GET', headers: USER });
      await body.arrayBuffer();
      if (statusCode !== 200) throw new Error(`a poll was answered with ${statusCode}`);
    };
  },
  queries: (pool, statement) => async () => {
    let page = await ask(pool, '/v1/statement', 'POST', statement);
    while (page.nextUri) page = await ask(pool, new URL(page.nextUri).pathname, 'GET');
    if (page.error) throw new Error(page.error.message);
  },
  submissions: (pool, statement) => async () => void (await ask(pool, '/v1/statement', 'POST', statement)),
};

/** Clients that each repeat it until the time is over; how long each took. */
async function repeat({ clients, seconds }: LoadOptions, work: Work): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + seconds * 1_000;
  const client = async () => {
    for (let now = performance.now(); now < until; ) {
      await work();
      const done = performance.now();
      times.push(done - now);
      now = done;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return times;
}

/** Clients that take turns in what is planned; how long after its plan each was answered. */
async function atRate(rate: number, { clients, seconds }: LoadOptions, work: Work): Promise<number[]> {
  const times: number[] = [];
  const began = performance.now();
  const client = async (_: unknown, first: number) => {
    for (let at = first; at < rate * seconds; at += clients) {
      const plan = began + (at * 1_000) / rate;
      const wait = plan - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      await work();
      times.push(performance.now() - plan);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return times;
}

async function ask(pool: Pool, path: string, method: 'GET' | 'POST', statement?: string): Promise<Page> {
  const { statusCode, body } = await pool.request({ path, method, headers: USER, body: statement ?? null });
  const text = await body.text();
  if (statusCode !== 200)
    throw new Error(`${method} ${path.slice(0, 120)} was answered with ${statusCode}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as Page;
}
