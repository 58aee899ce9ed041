import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from '@jest/globals';
import { GetDrainStatusResponse_Remaining_Kind as Kind } from '@trino-gateway/api/gateway';
import { until } from '@trino-gateway/testing/processes/until';
import { runCommand } from './support/command-line.ts';
import { startFakeDrain } from './support/fake-drain.ts';

const running = { kind: Kind.RUNNING, count: 2, text: 'q1, q2' };
const transaction = { kind: Kind.TRANSACTION, count: 1, text: 't1' };
const unknown = { kind: Kind.UNKNOWN, count: 1, text: 'the monitor is silent' };
const DRAINED = { drained: true, sealed: true };

test('what remains is told once for each change, until it is drained', async () => {
  const remaining = [running, transaction];
  await using server = await startFakeDrain({
    a: [{ remaining }, { remaining }, { remaining: [transaction, unknown] }, {}, DRAINED],
  });
  expect(await runCommand(['drain', 'a', '--wait', '--url', server.url])).toEqual({
    code: 0,
    out: [
      'backend "a" draining',
      'backend "a": 2 running, 1 in open transactions',
      'backend "a": 1 in open transactions, not known: the monitor is silent',
      'backend "a": nothing left, not yet proven',
      'backend "a": drained',
    ].join('\n'),
    err: '',
  });
});

test('without --wait it only begins to drain, as ever', async () => {
  await using server = await startFakeDrain({ a: [{}] });
  const ran = await runCommand(['drain', 'a', '--url', server.url]);
  expect([ran, server.asked]).toEqual([{ code: 0, out: 'backend "a" draining', err: '' }, 0]);
});

test('when the time is over it ends with 3 and tells what still ties it', async () => {
  await using server = await startFakeDrain({ a: [{ remaining: [running, unknown] }], b: [DRAINED] });
  const { code, err } = await runCommand(['drain', 'a', 'b', '--wait=50ms', '--url', server.url]);
  expect(code).toBe(3);
  expect(err.split('\n')).toEqual([
    'backend "a" is not drained after 0.05 s, and goes on draining:',
    '  2 running: q1, q2',
    '  not known: the monitor is silent',
  ]);
});

test('as JSON the answer alone is on standard output', async () => {
  await using server = await startFakeDrain({ a: [{ remaining: [running] }, DRAINED] });
  const { code, out, err } = await runCommand(['drain', 'a', '--wait', '-o', 'json', '--url', server.url]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ drains: [{ backendId: 'a', draining: true, drained: true, sealed: true }] });
  expect(err.split('\n')).toEqual(['backend "a" draining', 'backend "a": 2 running', 'backend "a": drained']);
});

test('an outage of the gatewayserver or its database is waited for, an end of the drain is not', async () => {
  const away = new ConnectError('the database does not answer', Code.Unavailable);
  await using server = await startFakeDrain({ a: [away, DRAINED], gone: [new ConnectError('gone', Code.NotFound)] });
  const back = await runCommand(['drain', 'a', '--wait', '--url', server.url]);
  expect([back.code, back.out.split('\n').at(-1)]).toEqual([0, 'backend "a": drained']);
  const gone = await runCommand(['drain', 'gone', '--wait', '--url', server.url]);
  expect([gone.code, gone.out]).toEqual([1, expect.stringContaining('gone')]);
});

test('with --force a cluster is stopped when the wait is over, and not before', async () => {
  await using server = await startFakeDrain({ a: [DRAINED], b: [{ remaining: [running] }], unscaled: [{}] });
  const force = (...argv: string[]) => runCommand(['drain', ...argv, '--force', '--url', server.url]);
  expect((await force('a', 'b', '--wait', '30ms')).code).toBe(0);
  expect(server.done).toEqual(['drain a', 'drain b', 'force b']);
  expect(await force('unscaled')).toMatchObject({ code: 1, err: 'it has no scaler' });
  expect((await force('a')).code).toBe(0);
  expect(server.done.at(-1)).toBe('force a');
});

test('Ctrl-C leaves it draining and says so', async () => {
  await using server = await startFakeDrain({ a: [{ remaining: [running] }] });
  const interrupted = new AbortController();
  const interruption = () => ({ signal: interrupted.signal, [Symbol.dispose]: () => {} });
  const ran = runCommand(['drain', 'a', '--wait', '--url', server.url], { interruption });
  await until('the first question', () => server.asked > 0);
  interrupted.abort();
  expect(await ran).toMatchObject({
    code: 130,
    err: 'backend "a" goes on draining; trino-gateway enable backend a ends that',
  });
});

test.each([['a'], ['--wait=soon', 'a'], ['a', '--wait', 'b']].slice(1))(
  'ids come before --wait: %j %j',
  async (...argv) => {
    const { code, err } = await runCommand(['drain', ...argv, '--url', 'http://127.0.0.1:1']);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('--wait: expected a duration such as 90s or 10m after it'),
    ]);
  },
);
