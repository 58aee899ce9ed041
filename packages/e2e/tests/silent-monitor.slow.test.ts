import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { linesSince } from '../support/log-lines.ts';

let trino: ScriptedTrino;
let suite: Suite;

beforeAll(async () => {
  trino = await startScriptedTrino();
  suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all', LOAD_MAX_AGE: '3s' } });
  await suite.addBackends({ one: trino.url });
  await suite.addGroup('all', ['one']);
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
});

const ready = async () => (await fetch(`${suite.gatewayserver.opsUrl}/readyz`)).text();
const metric = async (name: string) => {
  const text = await (await fetch(`${suite.gatewayserver.opsUrl}/metrics`)).text();
  return Number(new RegExp(`^trino_gateway_${name} (.*)$`, 'm').exec(text)?.[1]);
};
type Listed = { backends: { condition: { available?: boolean; notice?: string } }[] };
const condition = async () => (await suite.call<Listed>('BackendService/ListBackends', {})).backends[0]?.condition;

test('a silent monitor is an alarm in log, metric, list and readiness; queries go on; its return ends it', async () => {
  expect([await ready(), await metric('monitor_silent'), await condition()]).toEqual([
    'ready\n',
    0,
    expect.not.objectContaining({ notice: expect.anything() }),
  ]);
  const since = linesSince({ gatewayserver: suite.gatewayserver });
  suite.monitor.freeze();
  await until('the alarm', async () => (await metric('monitor_silent')) === 1);
  expect(await metric('monitor_report_age_seconds')).toBeGreaterThan(2);
  expect(await ready()).toMatch(/^ready: the monitor is silent since 20\S+Z: health stays as it was then/);
  expect(await condition()).toMatchObject({
    available: true,
    notice: expect.stringMatching(/^the monitor last probed it \d+ s ago; that finding stays in force$/),
  });
  await until('the line', () => since.messages('warn').gatewayserver.length > 0);
  expect((await runQuery(suite.router.url, 'SELECT 1')).state).toBe('FINISHED');
  suite.monitor.thaw();
  await until('the end of the alarm', async () => (await metric('monitor_silent')) === 0);
  await until('the line of its end', () => since.messages('info').gatewayserver.includes('the monitor reports again'));
  expect([await ready(), (await condition())?.notice]).toEqual(['ready\n', undefined]);
  expect(since.messages('warn').gatewayserver).toEqual([expect.stringMatching(/^the monitor is silent since /)]);
}, 120_000);

test('while the gatewayserver is away, monitor and router say so once, with its address, and when it is back', async () => {
  const since = linesSince({ monitor: suite.monitor, router: suite.router });
  const says = (text: string) => () =>
    Object.values(since.messages('warn')).every((lines) => lines.some((line) => line.includes(text)));
  await suite.gatewayserver.kill();
  await until('both to say so', says('the gatewayserver does not answer'));
  for (const { opsUrl } of [suite.monitor, suite.router]) {
    const answer = await fetch(`${opsUrl}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringMatching(/^ready: the gatewayserver does not answer/),
    ]);
  }
  await suite.gatewayserver.start();
  const back = () =>
    Object.values(since.messages('info')).every((lines) => lines.includes('the gatewayserver answers again'));
  await until('both to say that it is back', back);
  for (const lines of Object.values(since.messages('warn'))) expect(lines.length).toBeLessThanOrEqual(3);
}, 120_000);
