// How many short queries a second a limited group admits, beside the same with no limit: one gatewayserver on a SQLite file,
// and what a router asks of it. Arguments: seconds (5) and clients at a time (64).
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import {
  AdmissionService,
  BackendService,
  GroupService,
  RoutingService,
} from '../packages/api/src/gen/trinogateway/v1/gateway_pb.ts';
import { carryCalls } from '../packages/runtime/src/carried-calls.ts';
import { createGatewayTransport } from '../packages/runtime/src/gateway-transport.ts';
import { cpuSeconds } from './process-cost.ts';

const [seconds = 5, clients = 64] = process.argv.slice(2).map(Number);
const PORT = 21_000 + (process.pid % 10_000);
const { activate, enqueue, awaitTurn, handOut, handOver, settleLeases } = AdmissionService.method;

await using folder = await temporaryFolder();
await using server = await startServer(folder.path);
using plain = createGatewayTransport({ urls: [`http://127.0.0.1:${PORT}`], timeLimitMs: 60_000 });
using transport = carryCalls(plain, [RoutingService, AdmissionService]);
await call(GroupService.method.listGroups, {});
await measured('no limit', 0);
await measured(`limit ${clients}: everybody has a slot`, clients);
await measured(`limit ${clients / 8}: everybody else waits`, clients / 8);

/** Runs for some seconds with this limit and prints the rate. */
async function measured(name: string, limit: number): Promise<void> {
  const backend = { id: 'b', url: 'http://127.0.0.1:1', maxRunningQueries: limit };
  await call(BackendService.method.putBackend, { backend });
  await call(BackendService.method.markHealthy, { id: 'b' });
  await call(GroupService.method.putGroup, { group: { id: 'g', backendIds: ['b'] } });
  const settle = batched((ids: string[]) => call(settleLeases, { trinoQueryIds: ids }));
  const pids = [server.pid];
  const before = cpuSeconds(pids);
  const began = performance.now();
  const lanes = Array.from({ length: clients }, (_, lane) => untilDone(`${limit}.${lane}`, settle));
  const queries = (await Promise.all(lanes)).reduce((sum, count) => sum + count, 0);
  const passed = (performance.now() - began) / 1_000;
  const micros = ((cpuSeconds(pids) - before) / queries) * 1e6;
  process.stdout.write(
    `${name}: ${(queries / passed).toFixed(0)} queries/s, ${micros.toFixed(0)} µs of the server each\n`,
  );
}

/** One client's queries, one after the other. */
async function untilDone(lane: string, settle: (id: string) => Promise<unknown>): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  for (let count = 0; ; count++) {
    if (performance.now() > end) return count;
    const submissionId = `s${lane}.${count}`;
    const trinoQueryId = `20261121_000000_00000_${submissionId}`;
    const request = { submissionId, routerId: 'r', user: `u${lane}`, statement: 'SELECT 1' };
    const answer = await call(RoutingService.method.route, request);
    if (answer.mustWait) await wait(submissionId, trinoQueryId);
    else if (answer.leased) await call(handOut, { submissionId, trinoQueryId });
    else continue;
    await call(activate, { trinoQueryId, backendId: 'b' });
    await settle(trinoQueryId);
  }
}

async function wait(submissionId: string, trinoQueryId: string): Promise<void> {
  const queryId = `t${submissionId}`;
  const secretHash = new Uint8Array(32);
  const sealed = new Uint8Array(1_000);
  await call(enqueue, { queryId, submissionId, groupId: 'g', user: 'u', secretHash, sealed });
  for (;;) {
    const { state } = await call(awaitTurn, { queryId, secretHash, waitMs: 5_000 });
    if (state.case !== 'turn') continue;
    const { claimId } = state.value;
    const { accepted } = await call(handOver, { queryId, claimId, trinoQueryId, sealedAnswer: sealed });
    if (accepted) return;
  }
}

function batched(send: (ids: string[]) => Promise<unknown>): (id: string) => Promise<unknown> {
  let ids: string[] = [];
  let sent: Promise<unknown> = Promise.resolve();
  return (id) => {
    ids.push(id);
    if (ids.length === 1)
      sent = new Promise((resolve) => setImmediate(resolve)).then(() => {
        const all = ids;
        ids = [];
        return send(all);
      });
    return sent;
  };
}

async function call<Input extends DescMethodUnary['input'], Output extends DescMethodUnary['output']>(
  method: DescMethodUnary<Input, Output>,
  request: MessageInitShape<Input>,
): Promise<MessageShape<Output>> {
  const { message } = await transport.unary(method, undefined, undefined, undefined, request);
  return message;
}

async function startServer(path: string): Promise<AsyncDisposable & { pid: number }> {
  const main = fileURLToPath(new URL('../services/gatewayserver/src/main.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      TRINO_GATEWAY_GATEWAYSERVER_LISTEN: `127.0.0.1:${PORT}`,
      TRINO_GATEWAY_GATEWAYSERVER_OPS_LISTEN: '127.0.0.1:0',
      TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL: `sqlite:${join(path, 'gateway.db')}`,
      TRINO_GATEWAY_GATEWAYSERVER_DEFAULT_GROUP: 'g',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('gatewayserver ready')) resolve();
  });
  await ready;
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'bench-admission-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
