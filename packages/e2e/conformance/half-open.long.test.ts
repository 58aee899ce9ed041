import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { untilNothingIsLeft } from '../smuggling/router-counts.ts';

// Peers that are stopped (SIGSTOP): their connections stay as they are, and no end of them is ever seen.
const LIMIT_MS = 120_000;
let trino: ScriptedTrino;
let suite: Suite;
const children: ChildProcess[] = [];

beforeAll(async () => {
  trino = await startScriptedTrino();
  suite = await startSuite({
    gatewayserver: { DEFAULT_GROUP: 'all', OUTAGE_WAIT: '20s' },
    router: { ATTEMPT_TIME_LIMIT: '2s', POLL_TIME_LIMIT: '3s' },
  });
  await suite.addBackends({ one: trino.url });
  await suite.addGroup('all', ['one']);
}, LIMIT_MS);

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
}, LIMIT_MS);

/** A process that runs this program, once it has said so. */
async function start(program: string): Promise<ChildProcess & { said: string }> {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [said] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return Object.assign(child, { said });
}

test(
  'case 104: clients that are stopped in the middle of a statement are given up in time, and nothing is left of them',
  async () => {
    const head =
      'POST /v1/statement HTTP/1.1\\r\\nHost: gateway\\r\\nX-Trino-User: frozen\\r\\nContent-Length: 99999\\r\\n\\r\\nSELECT';
    const client = await start(`
      const { connect } = require('node:net');
      let open = 0;
      for (let at = 0; at < 20; at++)
        connect(${suite.router.ports[0]}, '127.0.0.1', function () {
          this.write('${head}', () => { if (++open === 20) console.log('written'); });
        }).on('error', () => {});
    `);
    client.kill('SIGSTOP');
    const began = performance.now();
    expect((await runQuery(suite.router.url, 'SELECT 1')).error).toBeUndefined();
    await untilNothingIsLeft(suite.router.opsUrl);
    expect(performance.now() - began).toBeLessThan(60_000);
  },
  LIMIT_MS,
);

test(
  'case 104: of a cluster that is stopped in the middle of polls its clients are told in time, and nothing is left',
  async () => {
    const cluster = await start(`
      const head = 'HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\n';
      require('node:net').createServer((socket) => socket.on('error', () => {}).on('data', (bytes) => {
        const [, path] = String(bytes).split(' ');
        const info = '{"nodeVersion":{"version":"476"},"environment":"x","coordinator":true,"starting":false,"uptime":"9.00h"}';
        if (path === '/v1/info') socket.write(head + 'Content-Length: ' + info.length + '\\r\\n\\r\\n' + info);
        else socket.write(head + 'Content-Length: 100000\\r\\n\\r\\n{"id":"20260101_000000_00001_stppd",');
      })).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
    `);
    const backend = { id: 'stopped', url: `http://127.0.0.1:${cluster.said}` };
    await suite.call('BackendService/PutBackend', { backend });
    await suite.call('BackendService/MarkHealthy', { id: 'stopped' });
    const headers = { connection: 'close' };
    const path = '/v1/statement/executing/20260101_000000_00001_stppd/y0/1';
    await until(
      'the router to know it',
      async () => (await fetch(suite.router.url + path, { method: 'HEAD', headers })).ok,
    );
    const poll = (number: number) =>
      fetch(`${suite.router.url}/v1/statement/executing/20260101_000000_00001_stppd/y${number}/1`, {
        headers,
        signal: AbortSignal.timeout(LIMIT_MS),
      });
    const begun = await Promise.all([1, 2, 3].map(poll));
    cluster.kill('SIGSTOP');
    const began = performance.now();
    const ends = await Promise.allSettled(begun.map((answer) => answer.text()));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    const last = await poll(4);
    await last.text();
    expect([503, 504]).toContain(last.status);
    expect(performance.now() - began).toBeLessThan(60_000);
    await untilNothingIsLeft(suite.router.opsUrl);
  },
  LIMIT_MS,
);
