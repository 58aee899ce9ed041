import { describe, expect, test } from '@jest/globals';
import { Query_State } from '@trino-gateway/api/gateway';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { ask, pageOf, post, run, user } from '../support/client.ts';
import { polled, startQueueBed } from '../support/queue-bed.ts';
import { answerJson, firstPage, startStub } from '../support/stub-cluster.ts';

const FOREVER = { runMs: Number.POSITIVE_INFINITY };

/** A router before a cluster with one slot, which a statement that never ends by itself has taken. */
async function startRunning(trino?: ScriptedTrino) {
  const cluster = trino ?? (await startScriptedTrino());
  cluster.when('SLEEP', FOREVER);
  const bed = await startQueueBed({ taken: 0, trino: cluster });
  let page = pageOf(await post(bed.router.url, 'SLEEP'));
  while (page.stats.state !== 'RUNNING') page = pageOf(await ask(page.nextUri ?? ''));
  return { bed, id: page.id, nextUri: page.nextUri ?? '' };
}

describe('the slot of a query that does not end with its last page is free at once', () => {
  test('when its client cancels it, and is not polled again', async () => {
    const { bed, id, nextUri } = await startRunning();
    await using _ = bed;
    expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(204);
    await until('the slot to be free', () => bed.admission.calls.includes(`settle ${id}`));
    expect(bed.router.ended).toEqual([{ id, state: Query_State.FAILED, error: 'USER_CANCELED' }]);
    expect((await run(bed.router.url, 'SELECT 1')).rows).toEqual([[1]]);
  });

  test.each([
    ['cancelled', 'DELETE', '', 'USER_CANCELED'],
    ['killed', 'PUT', '/killed', 'ADMINISTRATIVELY_KILLED'],
    ['preempted', 'PUT', '/preempted', 'ADMINISTRATIVELY_PREEMPTED'],
  ])('when it is %s by its id', async (_what, method, action, error) => {
    const { bed, id } = await startRunning();
    await using _ = bed;
    const body = method === 'PUT' ? { body: 'enough' } : {};
    const { status } = await ask(`${bed.router.url}/v1/query/${id}${action}`, { method, headers: user, ...body });
    expect(status).toBeLessThan(300);
    await until('the slot to be free', () => bed.admission.calls.includes(`settle ${id}`));
    expect(bed.router.ended).toEqual([{ id, state: Query_State.FAILED, error }]);
  });

  test('when its client hangs up in its last poll', async () => {
    const trino = await startScriptedTrino();
    const { bed, id, nextUri } = await startRunning(trino);
    await using _ = bed;
    trino.fault({ on: 'poll', action: { kind: 'silence' } });
    const hangUp = new AbortController();
    const asked = trino.requests.length;
    const poll = ask(nextUri, { signal: hangUp.signal }).catch(() => undefined);
    await until('the poll to arrive', () => trino.requests.length > asked);
    await ask(`${trino.url}/v1/query/${id}`, { method: 'DELETE', headers: user });
    hangUp.abort();
    await poll;
    await until('the slot to be free', () => bed.admission.calls.includes(`settle ${id}`));
    expect(bed.router.ended).toEqual([{ id, state: Query_State.FAILED, error: 'USER_CANCELED' }]);
  });

  test('when it is cancelled before its first poll: it is not started, and a late poll needs a slot anew', async () => {
    await using bed = await startQueueBed({ taken: 0 });
    const { id, nextUri = '' } = pageOf(await post(bed.router.url, 'SELECT 1'));
    expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(204);
    await until('the slot to be free', () => bed.admission.calls.includes(`expireUnpolled ${id}`));
    expect(polled(bed.trino).map(({ method }) => method)).toEqual(['DELETE']);
    expect(bed.trino.queries).toEqual([]);
    await ask(nextUri);
    expect(bed.admission.calls).toContain(`activate ${id}`);
  });
});

test('a query that had finished before its client cancelled it is not reported as cancelled', async () => {
  const id = '20261121_080808_00130_93wed';
  const last = `{"id":"${id}","infoUri":"http://c/ui","stats":{"state":"FINISHED"},"warnings":[]}`;
  await using cluster = await startStub((request, response) => {
    if (request.method === 'DELETE') response.writeHead(204).end();
    else if (request.method === 'POST') answerJson(response, firstPage(request, id));
    else
      answerJson(response, request.url?.includes('/1') ? firstPage(request, id).replace('ya1b2/1', 'ya1b2/2') : last);
  });
  await using bed = await startQueueBed({ taken: 0, router: { clusters: { trino: cluster } } });
  const { nextUri = '' } = pageOf(await ask(pageOf(await post(bed.router.url, 'SELECT 1')).nextUri ?? ''));
  expect((await ask(nextUri, { method: 'DELETE' })).status).toBe(204);
  await until('its end', () => bed.router.ended.length > 0);
  expect(bed.router.ended).toEqual([{ id, state: Query_State.FINISHED, error: undefined }]);
});
