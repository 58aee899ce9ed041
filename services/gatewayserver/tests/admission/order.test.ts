import { expect, test } from '@jest/globals';
import { running, startLimited, submission } from './support/admission-fixture.ts';

test('statements wait in the order in which their router was asked, not in that of its calls', async () => {
  await using server = await startLimited();
  await running(server);
  const times = { routerId: 'r', sentAtMs: 5_000_100 };
  const [first, second, third] = [submission(server), submission(server), submission(server)];
  await third.enqueue({ ...times, askedAtMs: 5_000_035 });
  await first.enqueue({ ...times, askedAtMs: 5_000_000 });
  await second.enqueue({ ...times, askedAtMs: 5_000_000.5, sentAtMs: 5_000_101 });
  // The call of an earlier version tells no times: it comes last.
  const old = submission(server);
  await old.enqueue();
  const { queries } = await server.ok('QueueService/ListQueued', {});
  const ids = (queries as { id: string; position: number }[]).map(({ id, position }) => [id, position]);
  expect(ids).toEqual([first, second, third, old].map(({ temporaryId }, at) => [temporaryId, at + 1]));
});

test('a statement that is moved to the front stays before one that arrived earlier and is queued later', async () => {
  await using server = await startLimited();
  await running(server);
  const [first, moved, late] = [submission(server), submission(server), submission(server)];
  await first.enqueue({ routerId: 'r', askedAtMs: 5_000_010, sentAtMs: 5_000_020 });
  await moved.enqueue({ routerId: 'r', askedAtMs: 5_000_015, sentAtMs: 5_000_021 });
  await server.ok('QueueService/MoveToFront', { id: moved.temporaryId });
  await late.enqueue({ routerId: 'r', askedAtMs: 5_000_000, sentAtMs: 5_000_022 });
  const { queries } = await server.ok('QueueService/ListQueued', {});
  expect((queries as { id: string }[]).map(({ id }) => id)).toEqual(
    [moved, late, first].map(({ temporaryId }) => temporaryId),
  );
});
