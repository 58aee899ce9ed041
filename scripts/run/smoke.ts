// Is `make run` what the README says? Starts it on free ports, waits for its rows, stops it as Ctrl-C does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';

const TIME_LIMIT_MS = 300_000;
const STOP_TIME_LIMIT_MS = 30_000;

const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-run-'));
const [api, apiOps, monitorOps, clients, routerOps] = (await freePorts(5)).map((port) => `127.0.0.1:${port}`);
const child = spawn('make', ['run'], {
  detached: true, // its own process group, as in a terminal
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    ...process.env,
    TRINO_GATEWAY_GATEWAYSERVER_LISTEN: api,
    TRINO_GATEWAY_GATEWAYSERVER_OPS_LISTEN: apiOps,
    TRINO_GATEWAY_GATEWAYSERVER_DATABASE_URL: `sqlite:${folder}/gateway.db`,
    TRINO_GATEWAY_MONITOR_GATEWAYSERVER_URL: `http://${api}`,
    TRINO_GATEWAY_MONITOR_OPS_LISTEN: monitorOps,
    TRINO_GATEWAY_ROUTER_GATEWAYSERVER_URL: `http://${api}`,
    TRINO_GATEWAY_ROUTER_LISTEN: clients,
    TRINO_GATEWAY_ROUTER_OPS_LISTEN: routerOps,
    TRINO_GATEWAY_ROUTER_STATE_FILE: `${folder}/router-state.json`,
  },
});
const results: [string, boolean][] = [];
const began = performance.now();
let output = '';
const up = new Promise<boolean>((resolve) => {
  const timer = setTimeout(() => resolve(false), TIME_LIMIT_MS);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    output += text;
    if (!output.includes('Ctrl-C stops everything')) return;
    clearTimeout(timer);
    resolve(true);
  });
  child.once('exit', () => resolve(false));
});
results.push(['make run comes up', await up]);
console.log(`up after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
results.push(['it printed rows of a real query', /ALGERIA\s+\| 0/.test(output)]);
results.push([
  'it stays up',
  child.exitCode === null &&
    (await fetch(`http://${routerOps}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )),
]);
if (child.pid) process.kill(-child.pid, 'SIGINT');
const force = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), STOP_TIME_LIMIT_MS);
if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
clearTimeout(force);
const silent = await Promise.all(
  [api, clients, routerOps, monitorOps].map((address) =>
    fetch(`http://${address}/`).then(
      () => false,
      () => true,
    ),
  ),
);
results.push(['Ctrl-C stopped everything it started', output.includes('stopped') && silent.every(Boolean)]);
await rm(folder, { recursive: true, force: true });

for (const [name, holds] of results) console.log(`${holds ? 'ok      ' : 'FAILED  '}${name}`);
const failed = results.filter(([, holds]) => !holds).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
