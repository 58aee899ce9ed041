import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';

// The monitor's regular probes are a minute apart: whatever is found sooner, the routers have told.
let one: ScriptedTrino;
let two: ScriptedTrino;
let suite: Suite;

beforeAll(async () => {
  [one, two] = await Promise.all([startScriptedTrino(), startScriptedTrino()]);
  suite = await startSuite({
    routers: 2,
    monitor: { INTERVAL: '60s', PROBATION: '0s' },
    gatewayserver: { DEFAULT_GROUP: 'both', OUTAGE_WAIT: '30s' },
  });
  await suite.addBackends({ one: one.url, two: two.url });
  await suite.addGroup('both', ['one', 'two'], { strategy: 'ROUND_ROBIN' });
  await suite.addGroup('only', ['one']);
  await suite.call('PolicyService/PutPolicy', {
    policy: { id: 'only', clientTags: { anyOf: ['only'] }, groupId: 'only' },
  });
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await Promise.all([one?.stop(), two?.stop()]);
}, 60_000);

type Condition = { available?: boolean; reasons?: string[] };
const condition = async () =>
  (await suite.call<{ condition: Condition }>('BackendService/GetBackend', { id: 'one' })).condition;
const posts = () => one.requests.filter(({ method, path }) => method === 'POST' && path === '/v1/statement').length;

test('a cluster that one router cannot connect to is taken away from all at once, and comes back through one query', async () => {
  const [first, second] = suite.routers;
  if (!first || !second) throw new Error('there are two routers');
  await one.kill();
  const from = performance.now();
  // Round robin: one of the two is sent to the dead one, and goes on to the other.
  for (const _ of [1, 2]) expect((await runQuery(first.url, 'SELECT 1')).error).toBeUndefined();
  const reasons = await until('the suite to know', async () => {
    const { available, reasons: said = [] } = await condition();
    return available === true ? undefined : said;
  });
  expect(reasons.join()).toMatch(/routers cannot connect to it|UNREACHABLE/);
  process.stderr.write(`known to the suite after ${Math.round(performance.now() - from)} ms\n`);
  expect((await runQuery(second.url, 'SELECT 1')).id).toMatch(new RegExp(`${two.suffix}$`));

  const headers = { 'x-trino-client-tags': 'only' };
  const before = posts();
  const waiting = Array.from({ length: 10 }, (_, index) =>
    runQuery((index % 2 === 0 ? first : second).url, 'SELECT 1', { headers }),
  );
  // The first one that is let through takes its time: no other may be sent there meanwhile.
  one.fault({ on: 'submit', action: { kind: 'slow', ms: 1_000 } });
  await one.restart();
  await until('the trial to arrive', () => posts() > before, 60_000);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(posts() - before).toBe(1);
  const results = await Promise.all(waiting);
  expect(results.map(({ error }) => error)).toEqual(results.map(() => undefined));
  expect(await condition()).toMatchObject({ available: true });
}, 240_000);
