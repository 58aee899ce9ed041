import { expect, test } from '@jest/globals';
import { startTestGatewayserver } from '../support/gatewayserver-fixture.ts';
import { hashOf, running, startLimited, submission } from './support/admission-fixture.ts';

test('a caller without the secret learns nothing, not even that the id exists', async () => {
  await using server = await startLimited();
  await running(server);
  const waiting = submission(server);
  await waiting.enqueue();
  const asked = { queryId: waiting.temporaryId, secretHash: hashOf('guessed') };
  const answers = await Promise.all(
    [asked, { ...asked, queryId: 'unknown' }].flatMap((request) =>
      ['AwaitTurn', 'Leave', 'CancelQueued'].map((rpc) => server.post(`AdmissionService/${rpc}`, request)),
    ),
  );
  expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
  expect(answers[0]).toMatchObject({ status: 404, body: { code: 'not_found' } });
  const cancel = { queryId: waiting.temporaryId, user: 'mallory' };
  expect((await server.post('AdmissionService/CancelQueued', cancel)).status).toBe(404);
  expect((await server.post('AdmissionService/CancelQueued', { ...cancel, user: '' })).status).toBe(404);
  expect((await waiting.enqueue({ secretHash: hashOf('other') }).catch(String)) as unknown).toMatch(/already_exists/);
});

const HASH = hashOf('s');
test.each([
  ['Enqueue', 'group_id', { groupId: 'a b' }],
  ['Enqueue', 'query_id', { queryId: '' }],
  ['Enqueue', 'submission_id', { submissionId: '/' }],
  ['Enqueue', 'secret_hash', { secretHash: 'AAAA' }],
  ['Enqueue', 'sealed', { sealed: '' }],
  ['Enqueue', 'priority', { priority: 2_000_000 }],
  ['Enqueue', 'user', { user: 'x'.repeat(20_000) }],
  ['AwaitTurn', 'wait_ms', { queryId: 'q', secretHash: HASH, waitMs: 30_001 }],
  ['AwaitTurn', 'wait_ms', { queryId: 'q', secretHash: HASH, waitMs: -1 }],
  ['AwaitTurn', 'secret_hash', { queryId: 'q', secretHash: '' }],
  ['Attend', 'wait_ms', { queries: [{ queryId: 'q', secretHash: HASH }], waitMs: 30_001 }],
  ['Attend', 'wait_ms', { queries: [{ queryId: 'q', secretHash: HASH }], waitMs: 0 }],
  ['Attend', 'queries', { waitMs: 1 }],
  ['Attend', 'secret_hash', { queries: [{ queryId: 'q', secretHash: '' }], waitMs: 1 }],
  ['Leave', 'query_id', { queryId: 'q q', secretHash: HASH }],
  ['HandOver', 'claim_id', { queryId: 'q', claimId: 'statement', trinoQueryId: 't', sealedAnswer: 'AAAA' }],
  ['HandOver', 'trino_query_id', { queryId: 'q', claimId: 'a', trinoQueryId: '', sealedAnswer: 'AAAA' }],
  ['HandOver', 'sealed_answer', { queryId: 'q', claimId: 'a', trinoQueryId: 't' }],
  ['GiveBack', 'reason', { queryId: 'q', claimId: 'a' }],
  ['GiveBack', 'claim_id', { queryId: 'q', claimId: '', reason: 'FAILED' }],
  ['CancelQueued', 'query_id', { queryId: '', user: 'ann' }],
  ['HandOut', 'submission_id', { submissionId: '', trinoQueryId: 't' }],
  ['HandOut', 'trino_query_id', { submissionId: 's', trinoQueryId: '' }],
  ['Activate', 'trino_query_id', { trinoQueryId: '', backendId: 'b' }],
  ['Activate', 'backend_id', { trinoQueryId: 't', backendId: '' }],
  ['SettleLeases', 'trino_query_ids', { trinoQueryIds: Array.from({ length: 1_001 }, (_, at) => `t${at}`) }],
  ['SettleLeases', 'trino_query_ids', { trinoQueryIds: [''] }],
  ['ListLeases', 'backend_id', {}],
  ['ListLeases', 'trino_query_ids', { backendId: 'b', trinoQueryIds: [''] }],
])('%s with a bad %s is refused by its field', async (rpc, field, request) => {
  await using server = await startTestGatewayserver();
  const whole =
    rpc === 'Enqueue' ? { queryId: 'q', submissionId: 's', groupId: 'g', secretHash: HASH, sealed: 'AAAA' } : {};
  const { status, body } = await server.post(`AdmissionService/${rpc}`, { ...whole, ...request });
  expect([status, body.code]).toEqual([400, 'invalid_argument']);
  expect(body.message).toMatch(new RegExp(`^${field}\\b`));
});
