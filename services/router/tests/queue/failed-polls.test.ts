import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { ask, pageOf, post } from '../support/client.ts';
import { isWaiting, posted, rest, startQueueBed } from '../support/queue-bed.ts';

test('a poll that fails for no reason of its client’s is answered that it waits, and the query goes on', async () => {
  await using bed = await startQueueBed();
  const { nextUri = '', id } = pageOf(await post(bed.router.url, 'SELECT 1'));
  let failures = 0;
  bed.admission.onHandOver = () => {
    failures += 1;
    if (failures === 1) throw new TypeError('nobody thought of that');
  };
  bed.free();
  const failed = await ask(nextUri);
  expect([failed.status, isWaiting(failed), failures]).toEqual([200, true, 1]);
  bed.admission.expireClaims();
  let page = failed;
  await until('the cluster has it', async () => {
    page = await ask(pageOf(page).nextUri ?? '');
    return !isWaiting(page);
  });
  expect(pageOf(failed).id).toBe(id);
  expect((await rest(page)).rows).toEqual([[1]]);
  expect(posted(bed.trino)).toHaveLength(2);
});
