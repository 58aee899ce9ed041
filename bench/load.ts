import { Pool } from 'undici';

/** One run of a load: how many, how fast, how long each took. */
export type Run = { count: number; perSecond: number; p50Ms: number; p99Ms: number };

type Page = { nextUri?: string; error?: { message: string } };

const USER = { 'x-trino-user': 'bench', 'x-trino-source': 'bench' };

/** Clients that each repeat `work` until the time is over. */
async function repeat(clients: number, seconds: number, work: () => Promise<void>): Promise<Run> {
  const times: number[] = [];
  const began = performance.now();
  const until = began + seconds * 1_000;
  const client = async () => {
    for (let now = performance.now(); now < until; ) {
      await work();
      const done = performance.now();
      times.push(done - now);
      now = done;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const tookSeconds = (performance.now() - began) / 1_000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { count: times.length, perSecond: times.length / tookSeconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** The same page of one running query again and again: the same token gives the same bytes. */
export async function polls(url: string, clients: number, seconds: number): Promise<Run> {
  const pool = new Pool(url, { connections: clients, pipelining: 1 });
  try {
    let path = '/v1/statement';
    let page = await ask(pool, path, 'POST', 'SELECT endless');
    for (let step = 0; step < 3 && page.nextUri; step++) {
      path = new URL(page.nextUri).pathname;
      page = await ask(pool, path, 'GET');
    }
    return await repeat(clients, seconds, async () => {
      const { statusCode, body } = await pool.request({ path, method: 'GET', headers: USER });
      await body.arrayBuffer();
      if (statusCode !== 200) throw new Error(`a poll of ${url} was answered with ${statusCode}`);
    });
  } finally {
    await pool.destroy();
  }
}

/** Whole statements: the submission and every page to the last. */
export async function shortQueries(
  url: string,
  clients: number,
  seconds: number,
  statement = 'SELECT 1',
): Promise<Run> {
  const pool = new Pool(url, { connections: clients, pipelining: 1 });
  try {
    return await repeat(clients, seconds, async () => {
      let page = await ask(pool, '/v1/statement', 'POST', statement);
      while (page.nextUri) page = await ask(pool, new URL(page.nextUri).pathname, 'GET');
      if (page.error) throw new Error(page.error.message);
    });
  } finally {
    await pool.destroy();
  }
}

/** Submissions that nobody polls, so nothing runs: the time to the first answer. */
export async function submissions(url: string, perSecond: number, seconds: number): Promise<Run> {
  const pool = new Pool(url, { connections: 8, pipelining: 1 });
  try {
    const times: number[] = [];
    const began = performance.now();
    for (let sent = 0; sent < perSecond * seconds; sent++) {
      const wait = began + (sent * 1_000) / perSecond - performance.now();
      if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
      const at = performance.now();
      await ask(pool, '/v1/statement', 'POST', 'SELECT 1');
      times.push(performance.now() - at);
    }
    times.sort((a, b) => a - b);
    return {
      count: times.length,
      perSecond,
      p50Ms: times[Math.floor(times.length / 2)] ?? Number.NaN,
      p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
    };
  } finally {
    await pool.destroy();
  }
}

/** Clients that each hold one statement that waits, polling again as soon as they are answered, until the signal is aborted; then it is cancelled. */
export async function waitInQueue(
  url: string,
  clients: number,
  signal: AbortSignal,
  onAnswer: () => void,
): Promise<void> {
  const pool = new Pool(url, { connections: clients, pipelining: 1 });
  const client = async () => {
    let page = await ask(pool, '/v1/statement', 'POST', 'SELECT endless');
    while (page.nextUri && !signal.aborted) {
      page = await ask(pool, new URL(page.nextUri).pathname, 'GET');
      onAnswer();
    }
    if (page.error) throw new Error(page.error.message);
    const { body } = await pool.request({
      path: new URL(page.nextUri ?? url).pathname,
      method: 'DELETE',
      headers: USER,
    });
    await body.dump();
  };
  try {
    await Promise.all(Array.from({ length: clients }, client));
  } finally {
    await pool.destroy();
  }
}

async function ask(pool: Pool, path: string, method: 'GET' | 'POST', statement?: string): Promise<Page> {
  const { statusCode, body } = await pool.request({ path, method, headers: USER, body: statement ?? null });
  const text = await body.text();
  if (statusCode !== 200)
    throw new Error(`${method} ${path.slice(0, 120)} was answered with ${statusCode}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as Page;
}
