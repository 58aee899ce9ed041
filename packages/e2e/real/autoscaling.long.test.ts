import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { type ScaledCoordinator, scaledCoordinator } from '../support/coordinator-scaler.ts';

// A group at zero, twice up and down again, with a real coordinator that a program starts and stops.
const LIMIT_MS = 240_000;
const STATEMENT = 'SELECT name FROM tpch.tiny.region ORDER BY name';
const ROWS = [['AFRICA'], ['AMERICA'], ['ASIA'], ['EUROPE'], ['MIDDLE EAST']];
const ROUND = ['STARTED', 'BECAME_READY', 'DRAIN_BEGUN', 'STOPPED'];

let folder: string;
let big: ScaledCoordinator;
let suite: Suite;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autoscaling-'));
  big = await scaledCoordinator(folder, 'big');
  suite = await startSuite({
    gatewayserver: { DEFAULT_GROUP: 'elastic' },
    monitor: { COMMAND_FOLDER: folder, SCALING_INTERVAL: '250ms', FAILURES_BEFORE_UNHEALTHY: '1' },
  });
  await suite.call('BackendService/PutBackend', {
    backend: { id: 'big', url: big.url, scaler: { command: big.command } },
  });
  const autoscaling = {
    ...{ drainIdleMs: 500, coolDownMs: 500, settleMs: 100, startTimeoutMs: LIMIT_MS },
    warmUpStatements: ['SELECT count(*) FROM tpch.tiny.nation'],
  };
  await suite.addGroup('elastic', ['big'], { maxRunningQueriesPerBackend: 5, autoscaling });
  await untilState('STOPPED');
}, LIMIT_MS);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await big?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}, LIMIT_MS);

type Scaling = { clusters: { backendId: string; state: string; reason: string }[]; queued?: number };

const scaling = () => suite.call<Scaling>('ScalingService/GetGroupScaling', { id: 'elastic' });

const untilState = (...states: string[]) =>
  until(
    `big to be ${states.join(' or ')}`,
    async () => {
      const { clusters } = await scaling();
      return states.includes(clusters[0]?.state ?? '');
    },
    LIMIT_MS,
    10,
  );

/** `kill -9`, and up again. */
async function crash(...services: ('monitor' | 'gatewayserver')[]): Promise<void> {
  await Promise.all(services.map((service) => suite[service].kill()));
  for (const service of services.toSorted()) await suite[service].start();
}

/** Three clients, each with a page that says QUEUED while the cluster is down. */
async function arrive() {
  const queries = await Promise.all([1, 2, 3].map(() => openQuery(suite.router.url, STATEMENT)));
  expect(queries.map(({ page }) => page.stats.state)).toEqual(['QUEUED', 'QUEUED', 'QUEUED']);
  return queries.map(async (query) => {
    const rows: unknown[][] = [];
    for (let page = query.page; ; ) {
      rows.push(...(page.data ?? []));
      if (page.nextUri === undefined) return { rows, error: page.error };
      page = await query.poll().catch(async (error: { status?: number }) => {
        if (error.status !== undefined && error.status < 500) throw error;
        return { ...page, data: [] };
      });
    }
  });
}

async function events(): Promise<string[]> {
  const { events: all = [] } = await suite.call<{ events?: { kind: string }[] }>('ScalingService/ListScalingEvents');
  return all.map(({ kind }) => kind).toReversed();
}

const answered = { rows: ROWS, error: undefined };

test(
  'the monitor dies after the intent was stored, the gatewayserver during the start, both during the drain: one start, one stop, nothing lost',
  async () => {
    const arrived = await arrive();
    await untilState('STARTING');
    await crash('monitor');
    expect((await scaling()).queued).toBe(3);
    await until('the program to be told', async () => (await big.calls()).length > 0, LIMIT_MS);
    await crash('gatewayserver');
    expect(await Promise.all(arrived)).toEqual([answered, answered, answered]);
    await untilState('DRAINING', 'TERMINATING', 'STOPPED');
    await crash('gatewayserver', 'monitor');
    await untilState('STOPPED');
    expect(await big.isRunning()).toBe(false);
    expect(await big.calls()).toEqual(['start', 'stop']);
    expect(await events()).toEqual(ROUND);
  },
  LIMIT_MS,
);

test(
  'a second round: the monitor dies while the cluster starts, the gatewayserver while it stops',
  async () => {
    const arrived = await arrive();
    await until('the program to be told', async () => (await big.calls()).length > 2, LIMIT_MS);
    await crash('monitor');
    expect(await Promise.all(arrived)).toEqual([answered, answered, answered]);
    await untilState('DRAINING', 'TERMINATING', 'STOPPED');
    await crash('gatewayserver');
    await untilState('STOPPED');
    expect(await big.isRunning()).toBe(false);
    expect(await big.calls()).toEqual(['start', 'stop', 'start', 'stop']);
    expect(await events()).toEqual([...ROUND, ...ROUND]);
  },
  LIMIT_MS,
);
