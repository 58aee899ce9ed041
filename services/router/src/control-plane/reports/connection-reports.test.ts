import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { createConnectionReports } from './connection-reports.ts';

const a = { backendId: 'a', url: 'http://a' };
type Sent = { number?: bigint; connections?: { backendId?: string; failures?: number; coordinatorId?: string }[] };

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function startReports(answer: () => Promise<void> = async () => {}) {
  const sent: Sent[] = [];
  const reports = createConnectionReports({
    send: async (report) => {
      sent.push(report as Sent);
      await answer();
    },
    coordinatorIdOf: ({ url }) => (url === a.url ? 'aaaaa' : undefined),
    logger: silentLogger,
  });
  return { reports, sent, failures: () => sent.map(({ connections }) => connections?.map((one) => one.failures)) };
}

test('the first failure is told at once, what follows once a second, however much it is', async () => {
  const { reports, sent, failures } = startReports();
  for (let count = 0; count < 1_000; count += 1) reports.failed(a, 'refused');
  await jest.advanceTimersByTimeAsync(0);
  expect(sent).toHaveLength(1);
  for (let ms = 0; ms < 3_000; ms += 1) {
    reports.failed(a, 'refused');
    await jest.advanceTimersByTimeAsync(1);
  }
  expect(sent.length).toBeLessThanOrEqual(4);
  expect(failures()[0]).toEqual([1]);
  expect(sent[0]?.connections?.[0]).toMatchObject({ ...a, coordinatorId: 'aaaaa', reason: 'refused' });
  expect(sent.map(({ number }) => number)).toEqual(sent.map((_, index) => BigInt(index + 1)));
  await reports[Symbol.asyncDispose]();
});

test('what could not be told is told again, as it is then', async () => {
  let fails = true;
  const { reports, failures } = startReports(async () => {
    if (fails) throw new ConnectError('away', Code.Unavailable);
  });
  reports.failed(a, 'refused');
  await jest.advanceTimersByTimeAsync(0);
  fails = false;
  reports.reached(a);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(failures()).toEqual([[1], [0]]);
  await jest.advanceTimersByTimeAsync(5_000);
  expect(failures()).toHaveLength(2);
  await reports[Symbol.asyncDispose]();
});

test('of an address that a backend had before nothing is told', async () => {
  const { reports, sent } = startReports();
  reports.failed({ backendId: 'a', url: 'http://former' }, 'refused');
  await jest.advanceTimersByTimeAsync(5_000);
  expect(sent).toEqual([]);
  await reports[Symbol.asyncDispose]();
});

test('a gatewayserver of an earlier version is asked once a minute', async () => {
  const { reports, sent } = startReports(async () => {
    throw new ConnectError('no such call', Code.Unimplemented);
  });
  reports.failed(a, 'refused');
  for (let second = 0; second < 59; second += 1) {
    reports.failed(a, 'refused');
    await jest.advanceTimersByTimeAsync(1_000);
  }
  expect(sent).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(sent).toHaveLength(2);
  await reports[Symbol.asyncDispose]();
});
