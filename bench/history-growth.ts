// node bench/history-growth.ts [ROWS]: what a row of the history costs the gatewayserver as the history grows, on SQLite, up to ROWS (default
// 100,000), as a table of Markdown: the start and the end of a query, reported as routers do, in CPU of the process.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Query, Query_State, QuerySchema, QueryService } from '@trino-gateway/api/gateway';
import { createGatewayTransport } from '@trino-gateway/runtime';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { cpuSeconds } from '@trino-gateway/testing/processes/process-cost';
import { startService } from '@trino-gateway/testing/suite/start-service';

const most = Number(process.argv[2] ?? 100_000);
const SIZES = [1_000, 10_000, 100_000, 1_000_000].filter((size) => size <= most);
/** As routers send at once under load. */
const AT_ONCE = 200;
/** Of the last so many before each size the cost is told. */
const MEASURED = 20_000;

const folder = await mkdtemp(join(tmpdir(), 'bench-history-'));
try {
  const [port, ops] = await freePorts(2);
  const settings = {
    ...{ LISTEN: `127.0.0.1:${port}`, OPS_LISTEN: `127.0.0.1:${ops}` },
    DATABASE_URL: `sqlite:${join(folder, 'gateway.db')}`,
  };
  await using server = await startService('gatewayserver', settings, `http://127.0.0.1:${ops}`);
  using transport = createGatewayTransport({ urls: [`http://127.0.0.1:${port}`], timeLimitMs: 60_000 });
  const record = (queries: Query[]) =>
    transport.unary(QueryService.method.recordQueries, undefined, undefined, undefined, { queries });
  const micros: number[] = [];
  let rows = 0;
  let [before, from] = [cpuSeconds([server.pid]), 0];
  for (const size of SIZES) {
    while (rows < size) {
      if (size - rows === MEASURED) [before, from] = [cpuSeconds([server.pid]), rows];
      const numbers = Array.from({ length: Math.min(AT_ONCE, size - rows) }, (_, at) => rows + at);
      await record(numbers.map(started));
      await record(numbers.map(ended));
      rows += numbers.length;
    }
    micros.push(((cpuSeconds([server.pid]) - before) / (rows - from)) * 1e6);
  }
  console.log(
    `| CPU µs of one query in the history, by its rows | ${SIZES.map((size) => size.toLocaleString('en')).join(' | ')} |`,
  );
  console.log(`| --- |${SIZES.map(() => ' ---: |').join('')}`);
  console.log(`| its start and its end, SQLite | ${micros.map((one) => one.toFixed(0)).join(' | ')} |`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

function idOf(number: number): string {
  return `20261130_${String(Math.floor(number / 100_000)).padStart(6, '0')}_${String(number % 100_000).padStart(5, '0')}_bench`;
}

function started(number: number) {
  return create(QuerySchema, {
    ...{ id: idOf(number), trinoQueryId: idOf(number), state: Query_State.QUEUED },
    ...{ text: `SELECT ${number}`, user: `user-${number % 200}`, source: 'trino-cli', clientIp: '10.0.0.1' },
    ...{ groupId: 'all', backendId: `cluster-${number % 8}`, decidedBy: 'default_group' },
    submittedAt: timestampFromMs(1_790_000_000_000 + number * 10),
  });
}

function ended(number: number) {
  return create(QuerySchema, {
    ...{ id: idOf(number), trinoQueryId: idOf(number), state: Query_State.FINISHED },
    endedAt: timestampFromMs(1_790_000_001_000 + number * 10),
  });
}
