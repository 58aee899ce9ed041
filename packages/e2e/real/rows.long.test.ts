import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import type { ClientName } from '../client-matrix/clients.ts';
import { countedWay } from '../client-matrix/counted-way.ts';
import { digestOfRows, runRows } from '../client-matrix/run-rows.ts';
import { type SharedCluster, sharedCluster } from './shared-clusters.ts';

// Results through the router are those of the cluster, row by row: an MD5 over all of them, in their order. STREAMED is how many rows the
// clients read that keep none of them; 5,000,000 by `make e2e-long`.
const ROWS = 100_000;
const STREAMED = Number(process.env.STREAMED ?? 300_000);
const LIMIT_MS = 900_000;
const seven = ['cli', 'jdbc', 'dbapi', 'sqlalchemy', 'go', 'js', 'pyhive'] as const satisfies ClientName[];
const streaming = ['cli', 'jdbc', 'dbapi', 'go'] as const satisfies ClientName[];
const say = (line: string) => void process.stderr.write(`${line}\n`);

let cluster: SharedCluster;
let suite: Suite;

beforeAll(async () => {
  cluster = await sharedCluster('accepting');
  suite = await startSuite({ tls: true, gatewayserver: { DEFAULT_GROUP: 'all' } });
  await suite.addBackends({ one: cluster.url });
  await suite.addGroup('all', ['one']);
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
}, 60_000);

test.each(seven)(
  'case 2: 100,000 rows reach %s as the cluster sends them: directly, through the router, over TLS',
  async (client) => {
    const read = (url: string) => runRows(client, { url, user: `rows-${client}`, rows: ROWS, timeoutMs: LIMIT_MS });
    const whole = digestOfRows(ROWS);
    expect(await read(cluster.url)).toBe(whole);
    expect(await read(suite.router.url)).toBe(whole);
    expect(await read(suite.router.tlsUrl)).toBe(whole);
  },
);

test.each(streaming)(
  'case 2: a long result reaches %s as the cluster sends it: plain, compressed, over TLS',
  async (client) => {
    const whole = digestOfRows(STREAMED);
    const read = async (name: string, to: string, plain: boolean) => {
      await using way = await countedWay(to);
      const began = performance.now();
      const digest = await runRows(client, {
        ...{ url: way.url, user: `rows-${client}`, rows: STREAMED, plain, timeoutMs: LIMIT_MS },
      });
      const megabytes = way.bytes() / 1_000_000;
      say(
        `${client}, ${STREAMED} rows, ${name}: MD5 ${digest}, ${megabytes.toFixed(1)} MB, ${((performance.now() - began) / 1_000).toFixed(1)} s`,
      );
      return { digest, megabytes };
    };
    const direct = await read('directly', cluster.url, false);
    const plain = await read('plain', suite.router.url, true);
    const compressed = await read('gzip', suite.router.url, false);
    const encrypted = await read('TLS', suite.router.tlsUrl, false);
    expect([direct, plain, compressed, encrypted].map(({ digest }) => digest)).toEqual([whole, whole, whole, whole]);
    // Otherwise one of them was not what it is called.
    expect(plain.megabytes).toBeGreaterThan(2 * compressed.megabytes);
    expect(compressed.megabytes).toBeLessThan(1.1 * direct.megabytes);
  },
);
