import http from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

/** What an honest client saw while others did their worst. */
export type Seen = { count: number; failures: number; medianMs: number; p99Ms: number };

// Runs as a worker, so that what the attackers do in the main thread does not delay its clock.
// It asks whether it was answered or not: who asks less often while it waits would see too little of the waiting.
const EVERY_MS = 40;
const LIMIT_MS = 10_000;
const { port, host } = workerData as { port: number; host: string };
// One that comes from elsewhere than the attackers do.
const agent = new http.Agent({ keepAlive: true, localAddress: '127.0.0.9' });
let times: number[] = [];
let failures = 0;
let isOn = false;
const open = new Set<number>();

function askOnce(): void {
  if (!isOn) return;
  const began = performance.now();
  open.add(began);
  const end = (isGood: boolean) => {
    if (!open.delete(began)) return;
    times.push(performance.now() - began);
    if (!isGood) failures += 1;
  };
  const headers = { host, 'x-trino-user': 'honest' };
  const request = http.request({ agent, host: '127.0.0.1', port, path: '/v1/info', headers, timeout: LIMIT_MS });
  request.on('error', () => end(false));
  request.on('timeout', () => request.destroy());
  request.on('response', (answer) => {
    answer.resume();
    answer.on('close', () => end(answer.statusCode === 200 && answer.complete));
  });
  request.end();
}

setInterval(askOnce, EVERY_MS);
parentPort?.on('message', (what: 'begin' | 'end') => {
  if (what === 'begin') {
    times = [];
    failures = 0;
    open.clear();
    isOn = true;
    return;
  }
  isOn = false;
  // Who still waits has waited for so long at least.
  const all = [...times, ...[...open].map((began) => performance.now() - began)].sort((a, b) => a - b);
  const at = (share: number) => all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? LIMIT_MS;
  parentPort?.postMessage({ count: all.length, failures, medianMs: at(0.5), p99Ms: at(0.99) } satisfies Seen);
});
