import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { startScriptedTrino } from '@trino-gateway/testing';
import { startProgram } from '@trino-gateway/testing/processes/start-program';
import { type AttackSuite, logRows, processesOf, startAttackSuite } from '../support/attack-suite.ts';
import { connectionsTo, forgetPeak, peakMb, scheduled } from '../support/process-figures.ts';
import { must, type Row, row, type Table } from '../support/rows.ts';
import { shippedMemoryMb } from '../support/shipped-containers.ts';
import { gatewayserverAttacks } from './gatewayserver-attacks.ts';
import type { Seen } from './honest-client.ts';
import { type Attack, type BoundsWorld, HELD, routerAttacks, SILENT } from './router-attacks.ts';

const MOST_MEDIAN_MS = 300;
const MOST_FAILED = 0.05;
const MOST_UPSTREAM = 100;
const SAMPLE_MS = 100;
/** So that the honest client has seen something, however soon an attack is over. */
const LEAST_MS = 1_500;
const SETTLE_MS = 5_000;
const SCRIPTED = fileURLToPath(new URL('../../../testing/src/scripted-trino/main.ts', import.meta.url));

/** Memory, connections and waiting while unknown clients do their worst. */
export async function boundsTable(rows: Row[]): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const victim = stack.use(await startScriptedTrino({ recordLimit: 100 }));
  victim.when(HELD, { runMs: Number.POSITIVE_INFINITY });
  victim.when(SILENT, { runMs: Number.POSITIVE_INFINITY });
  const limited = stack.use(await startScriptedTrino({ recordLimit: 100 }));
  limited.when(HELD, { runMs: Number.POSITIVE_INFINITY });
  const started = Promise.withResolvers<string>();
  const honestCluster = await startProgram({ command: process.execPath, args: [SCRIPTED], onLine: started.resolve });
  stack.defer(() => honestCluster.kill());
  const line = await started.promise;
  const suite = stack.use(await startAttackSuite());
  await suite.addBackends({ honest: line.split(' ').at(-1) ?? '', victim: victim.url });
  await suite.addBackends({ limited: limited.url }, { maxRunningQueries: 1 });
  for (const id of ['honest', 'victim', 'limited']) {
    await suite.addGroup(id, [id], { queue: { fairShare: true } });
    await suite.call('PolicyService/PutPolicy', { policy: { id, host: `${id}.example`, groupId: id } });
  }
  const world: BoundsWorld = { suite, port: suite.router.ports[0] ?? 0, victim };
  const honest = new Worker(new URL('./honest-client.ts', import.meta.url), {
    workerData: { port: world.port, host: 'honest.example' },
  });
  stack.defer(async () => void (await honest.terminate()));
  for (const attack of [...routerAttacks, ...gatewayserverAttacks]) {
    const limitMs = attack.limitMs + SETTLE_MS;
    const tried = await row(attack.name, limitMs, () => underAttack(world, attack, honest));
    rows.push(tried);
    if (tried.broken !== undefined) await beginAnew(suite);
  }
  rows.push(...(await logRows('bounds', suite)));
  return { title: 'Bounds while unknown clients do their worst', picture: [] };
}

/** Runs it while an honest client asks, and measures what it does to the processes. */
async function underAttack(world: BoundsWorld, attack: Attack, honest: Worker): Promise<string> {
  const { suite, victim } = world;
  const processes = Object.entries(processesOf(suite)).map(([name, { pid }]) => ({ name, pid }));
  for (const { pid } of processes) forgetPeak(pid);
  let upstream = 0;
  const sampling = setInterval(() => {
    upstream = Math.max(upstream, connectionsTo(victim.port));
  }, SAMPLE_MS);
  const before = scheduled(suite.router.pid);
  honest.postMessage('begin');
  const [done] = await Promise.all([row(attack.name, attack.limitMs, () => attack.run(world)), delay(LEAST_MS)]);
  const seen = once(honest, 'message') as Promise<[Seen]>;
  honest.postMessage('end');
  const [{ count, failures, medianMs, p99Ms }] = await seen;
  clearInterval(sampling);
  // A machine that is busy with other things gives the router a part of a core only, and all takes longer by so much.
  const after = scheduled(suite.router.pid);
  const [ran, waited] = [after.ranNs - before.ranNs, after.waitedNs - before.waitedNs];
  const ownMs = ran > 0 ? (medianMs * ran) / (ran + waited) : medianMs;
  const problems: string[] = done.broken === undefined ? [] : [done.broken];
  const memory = processes.map(({ name, pid }) => {
    if (!existsSync(`/proc/${pid}`)) {
      problems.push(`the ${name} ended`);
      return `${name} ended`;
    }
    const peak = peakMb(pid);
    const most = shippedMemoryMb(name as keyof ReturnType<typeof processesOf>);
    if (peak > most) problems.push(`the ${name} had ${peak.toFixed(0)} of ${most} MB`);
    return `${name} ${peak.toFixed(0)} MB`;
  });
  if (ownMs > MOST_MEDIAN_MS) problems.push(`others waited ${ownMs.toFixed(0)} ms at the median`);
  if (failures > count * MOST_FAILED) problems.push(`${failures} of ${count} requests of others failed`);
  if (upstream > MOST_UPSTREAM) problems.push(`${upstream} connections to one cluster`);
  const saw = `others ${medianMs.toFixed(0)} ms (${ownMs.toFixed(0)} if the router had a core), p99 ${p99Ms.toFixed(0)} ms of ${count}; ${memory.join(', ')}; ${upstream} upstream; ${done.saw}`;
  must(problems.length === 0, `${problems.join('; ')} (${saw})`);
  return saw;
}

/** After an attack that was too much, so that the next one tells of itself. */
async function beginAnew({ gatewayserver, router }: AttackSuite): Promise<void> {
  for (const process of [gatewayserver, router]) {
    if (existsSync(`/proc/${process.pid}`)) await process.kill();
    await process.start();
  }
}
