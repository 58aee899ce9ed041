// A replica that takes the row lock of the configuration in the given database, says so, and then hangs.

import { writeSync } from 'node:fs';
import { silentLogger } from '@trino-gateway/runtime';
import { openStore } from '../../src/storage/index.ts';

const store = await openStore({ url: process.argv[2] ?? '', poolSize: 1, timeLimitMs: 5_000, logger: silentLogger });
await store.configuration.change(async () => {
  writeSync(1, 'held\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
