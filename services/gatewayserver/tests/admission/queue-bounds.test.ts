import { expect, test } from '@jest/globals';
import { sqliteFile } from '../support/databases.ts';
import { type TestGatewayserver, until } from '../support/gatewayserver-fixture.ts';
import { sealedParts } from '../support/sealed-parts.ts';
import { base64, offerOf, running, startLimited, submission } from './support/admission-fixture.ts';

const KB = 1_024;
/** Stored before its command runs. */
const LARGE = base64('x'.repeat(100 * KB));

type Answer = { position?: number; refusal?: string };

/** Enqueues so many of one user, all at the same time, at these servers in turn. */
function enqueueAll(
  [one, other = one]: readonly [TestGatewayserver, TestGatewayserver?],
  count: number,
  user: string,
  more = {},
): Promise<Answer[]> {
  return Promise.all(
    Array.from({ length: count }, (_, at) => submission(at % 2 === 0 ? one : other, user).enqueue(more)),
  );
}

const taken = (answers: readonly Answer[]) => answers.filter(({ refusal }) => refusal === undefined).length;

test('by default a user may queue a thousand queries, and the next user queues right behind', async () => {
  await using server = await startLimited();
  await running(server);
  const answers = await enqueueAll([server], 1_100, 'mallory');
  expect(taken(answers)).toBe(1_000);
  expect(answers.find(({ refusal }) => refusal)?.refusal).toMatch(
    /^Too many queued queries of this user: at most 1000/,
  );
  expect(await submission(server, 'ann').enqueue()).toEqual({ position: 1_001 });
});

test('two replicas stay within the bounds, however many come at once, and store nothing of what they refuse', async () => {
  await using file = await sqliteFile();
  const keys = {
    database_url: file.url,
    queue_max_bytes_per_user: String(500 * KB),
    queue_max_queued_per_user: '20',
    queue_max_queued: '30',
  };
  await using one = await startLimited({ keys });
  await using other = await startLimited({ keys });
  await running(one);
  expect(taken(await enqueueAll([one, other], 24, 'mallory', { sealed: LARGE }))).toBe(5);
  expect(await sealedParts(file.url)).toEqual(Array(5).fill('statement'));
  expect(taken(await enqueueAll([one, other], 40, 'ann'))).toBe(20);
  expect(taken(await enqueueAll([one, other], 40, 'bob'))).toBe(5);
});

test('a statement is stored while it waits, and no longer', async () => {
  await using file = await sqliteFile();
  await using server = await startLimited({ keys: { database_url: file.url } });
  const first = await running(server);
  const [waiting, cancelled] = [submission(server), submission(server)];
  for (const each of [waiting, cancelled]) await each.enqueue({ sealed: LARGE });
  expect(await sealedParts(file.url)).toEqual(['statement', 'statement']);
  await server.ok('AdmissionService/CancelQueued', { queryId: cancelled.temporaryId, user: 'ann' });
  expect(await sealedParts(file.url)).toEqual(['statement']);
  await first.settle();
  const offer = offerOf(await waiting.poll());
  // What a claim that is lost has stored goes, too.
  const late = { ...offer, claimId: '0' };
  expect(await waiting.assign(late)).toEqual({});
  await waiting.assign(offer);
  expect(await sealedParts(file.url)).toEqual([offer.claimId]);
  expect(await waiting.poll()).toMatchObject({ handedOver: {} });
});

test('the bytes of queued statements are a metric', async () => {
  await using server = await startLimited();
  await running(server);
  await submission(server).enqueue({ sealed: LARGE });
  await until(
    async () => (await fetch(`${server.opsUrl}/metrics`)).text(),
    (text) => text.includes(`trino_gateway_queue_bytes{group="g"} ${100 * KB}\n`),
  );
});
