import { expect, test } from '@jest/globals';
import { offerOf, running, startLimited, submission } from './support/admission-fixture.ts';

test('queues, waits, slots and assignments are metrics', async () => {
  await using server = await startLimited();
  const runs = await running(server);
  const [first, second] = [submission(server), submission(server)];
  await first.enqueue();
  await second.enqueue();
  const poll = first.poll();
  await runs.settle();
  await first.assign(offerOf(await poll));
  const metrics = await (await fetch(`${server.opsUrl}/metrics`)).text();
  for (const line of [
    'trino_gateway_queue_length{group="g"} 1',
    'trino_gateway_slots_used{backend="b"} 1',
    'trino_gateway_slots_free{backend="b"} 0',
    'trino_gateway_queue_wait_seconds_count{group="g"} 1',
    'trino_gateway_queue_hand_overs_total{result="accepted"} 1',
    'trino_gateway_leases_settled_total{by="page"} 1',
  ])
    expect(metrics).toContain(`${line}\n`);
  expect(metrics).toMatch(/trino_gateway_admission_batch_size_count [1-9]/);
  await first.activate();
  const trinoQueryIds = [`20261121_000000_00001_${first.id}`];
  await server.ok('AdmissionService/SettleLeases', { trinoQueryIds, byLook: true });
  const after = await (await fetch(`${server.opsUrl}/metrics`)).text();
  expect(after).toContain('trino_gateway_leases_settled_total{by="look"} 1\n');
});
