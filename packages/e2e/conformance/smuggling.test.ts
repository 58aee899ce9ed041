import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { answerCases } from '../smuggling/answers/index.ts';
import type { Finding } from '../smuggling/front.ts';
import { http2Cases } from '../smuggling/requests/http2.ts';
import { requestCases } from '../smuggling/requests/index.ts';
import { type RouterFront, startRouterFront } from '../smuggling/router-front.ts';
import { runAnswerCases } from '../smuggling/run-answers.ts';
import { runHttp2Cases } from '../smuggling/run-http2.ts';
import { runRequestCases } from '../smuggling/run-requests.ts';
import { carriers } from './support/carriers.ts';

// Bytes of clients and of clusters that could be read in two ways, from a table that also runs against other proxies (make smuggling).

describe.each(carriers)('with %s', (_, router) => {
  let front: RouterFront;
  let found: ReadonlyMap<string, Finding>;
  beforeAll(async () => {
    front = await startRouterFront({ router });
    found = new Map((await runRequestCases(front, requestCases)).map((finding) => [finding.id, finding]));
  }, 120_000);
  afterAll(async () => {
    await front[Symbol.asyncDispose]();
  });

  /** Those of a case of the protocol that did not become what they must. */
  const broken = (number: number) =>
    requestCases
      .filter((one) => one.of === number)
      .map(({ id }) => found.get(id))
      .filter((finding) => finding?.problems.length !== 0);

  test('case 100: what could be framed in two ways is refused and its connection closed, or reaches a cluster as one message', () => {
    expect(broken(100)).toEqual([]);
  });

  test('case 101: whatever authority a request names, the cluster is chosen by the configuration only', () => {
    expect(broken(101)).toEqual([]);
  });

  test('case 102: a path that another server could read differently reaches no cluster', () => {
    expect(broken(102)).toEqual([]);
  });

  test('case 105: pipelined requests are answered in order, each with its own answer', () => {
    expect(broken(105)).toEqual([]);
  });

  test('case 100, 101, 102, 105: inside TLS the same bytes become the same', async () => {
    const secured = await runRequestCases(front.secured, requestCases, requestCases.length);
    const other = ({ id, saw }: Finding) => found.get(id)?.saw !== saw;
    expect(secured.filter((finding) => finding.problems.length > 0 || other(finding))).toEqual([]);
  }, 300_000);

  test.each(['plain', 'secured2'] as const)(
    'case 100, 101, 102: what HTTP/2 forbids, or HTTP/1.1 behind would read otherwise, reaches no cluster (%s)',
    async (port) => {
      const from = requestCases.length * 2 + (port === 'plain' ? 0 : http2Cases.length);
      const seen = await runHttp2Cases(port === 'plain' ? front : front.secured2, http2Cases, from);
      expect(seen.filter(({ problems }) => problems.length > 0)).toEqual([]);
      expect(new Set(seen.map(({ id }) => id)).size).toBe(http2Cases.length);
    },
    300_000,
  );

  test('case 103: whatever a cluster answers, its client gets that one answer, a broken connection or an error, and nothing dangerous', async () => {
    const answered = await runAnswerCases(front, answerCases);
    expect(answered.filter(({ problems }) => problems.length > 0)).toEqual([]);
    expect(answered).toHaveLength(answerCases.length);
  });

  test('every case has a name of its own', () => {
    expect(found.size).toBe(requestCases.length);
  });

  test('case 100, 101, 102, 103, 105: all that reached a cluster was HTTP by the letter, and nothing was left unhandled', () => {
    expect(front.requests.faults).toEqual([]);
    expect(front.answers.faults).toEqual([]);
    expect(front.suite.router.output()).not.toContain('unhandled error');
  });
});
