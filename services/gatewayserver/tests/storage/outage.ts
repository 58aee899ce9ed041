// Outages of a server. Not part of `make test`: scripts/databases/test-databases.ts runs it for each engine.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { BackendSchema, QuerySchema } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { ENGINES, type RunningDatabase, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { DatabaseUnavailableError, migrateUp, openStore, type Store } from '../../src/storage/index.ts';

jest.setTimeout(180_000);

const engine = ENGINES.find((name) => name === process.env.TEST_OUTAGE_ENGINE) ?? 'postgres';
const timeLimitMs = 5_000;
let database: RunningDatabase;
let store: Store;

beforeAll(async () => {
  database = await startDatabase(engine);
  await migrateUp(database.url);
  store = await openStore({ url: database.url, poolSize: 4, timeLimitMs, logger: silentLogger });
});

afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const put = (id: string) =>
  store.configuration.change((change) => change.backends.put(create(BackendSchema, { id, url: 'http://x' })));

test(`${engine}: calls to a killed server fail clearly and in time, and work again once it is back`, async () => {
  await put('before');
  await Promise.all(Array.from({ length: 8 }, () => store.ping()));
  await database.kill();
  const startedAt = Date.now();
  const calls = [put('lost'), store.queries.record([create(QuerySchema, { id: 'lost' })]), store.configuration.read()];
  for (const call of calls) await expect(call).rejects.toBeInstanceOf(DatabaseUnavailableError);
  expect(Date.now() - startedAt).toBeLessThan(4 * timeLimitMs);
  await database.restart();
  await put('after');
  const { backends } = await store.configuration.read();
  expect(backends.map(({ backend }) => backend.id)).toEqual(['after', 'before']);
});

test(`${engine}: a server restart between two calls goes unnoticed`, async () => {
  await Promise.all(Array.from({ length: 8 }, () => store.ping()));
  await database.restart();
  await expect(put('unnoticed')).resolves.toMatchObject({ draining: false });
  await Promise.all(Array.from({ length: 8 }, () => store.ping()));
});

test(`${engine}: a silent server does not block a call for ever`, async () => {
  await store.ping();
  const held = Promise.withResolvers<void>();
  const holder = store.configuration.change(async () => held.promise);
  const other = await openStore({ url: database.url, poolSize: 2, timeLimitMs: 1_000, logger: silentLogger });
  try {
    const waiting = other.configuration.change(async () => 'never');
    await expect(waiting).rejects.toBeInstanceOf(DatabaseUnavailableError);
    await expect(other.ping()).resolves.toBeUndefined();
  } finally {
    held.resolve();
    await holder;
    await other[Symbol.asyncDispose]();
  }
});

test(`${engine}: the locks of a replica that vanished in mid-transaction are released`, async () => {
  const script = fileURLToPath(new URL('hold-and-hang.ts', import.meta.url));
  const replica = spawn(process.execPath, [script, database.url], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(replica.stdout, 'data');
    await expect(put('blocked')).rejects.toBeInstanceOf(DatabaseUnavailableError);
    for (const deadline = Date.now() + 90_000; ; ) {
      try {
        await put('free');
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  } finally {
    replica.kill('SIGKILL');
  }
});
