import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { Backend_ForwardedHeaders } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import type { ClusterAnswer } from '../clusters/ask.ts';
import { UpstreamError } from '../http/upstream/upstream-answer.ts';
import { type AttemptChosenDeps, attemptChosen, type Candidate, type Confirmed } from './attempt.ts';
import type { Submission } from './submission.ts';

const client = {
  ip: '10.0.0.9',
  scheme: 'http',
  authority: 'gw:8080',
  prefix: '',
  host: 'gw',
  forwardedFor: '10.0.0.9',
} as const;
const submission = {
  id: 's',
  exchange: { client, signal: new AbortController().signal },
  body: Buffer.from('SELECT 1'),
  submittedAt: 0,
} as unknown as Submission;
const coordinator = { backendId: 'a', url: 'http://a:8080', forwardedHeaders: Backend_ForwardedHeaders.AUTO };
const placement = { backendId: 'a', groupId: 'g', decidedBy: 'policy p' };
const candidate: Candidate = { coordinator, placement, sentHeaders: [], direct: undefined };
const id = '20261121_080808_00130_93wed';
const page = `{"id":"${id}","nextUri":"http://gw:8080/v1/statement/queued/${id}/y1/1","stats":{"state":"QUEUED"}}`;

const answering = (status: number, text = page) => {
  const body = Object.assign(Readable.from([Buffer.from(text)]), { complete: true });
  return {
    status,
    statusMessage: '',
    rawHeaders: [],
    body,
    coordinator,
    mode: 'send',
    rewrite: undefined,
  } as ClusterAnswer;
};

/** The outcome of one attempt, and what passive health was told. */
async function attemptWith(ask: () => ClusterAnswer, confirmed: Confirmed<string> = { kind: 'taken', stored: 'kept' }) {
  const health: string[] = [];
  let confirms = 0;
  const context: AttemptChosenDeps = {
    ask: async () => ask(),
    coordinatorLinks: { pathFor: () => undefined },
    linkModes: { failed: () => false, forget: () => {} },
    ownership: { otherHolder: () => undefined, learn: () => false },
    unknownLinks: { clear: () => {} },
    gateway: { recordIncarnation: async () => true },
    passiveHealth: {
      trying: () => {},
      failed: () => void health.push('failed'),
      succeeded: () => void health.push('succeeded'),
      abandoned: () => {},
    },
    onContradiction: () => {},
    logger: silentLogger,
  };
  const confirm = async () => {
    confirms += 1;
    return confirmed;
  };
  const outcome = await attemptChosen(context, submission, candidate, { timeMs: 1_000, confirm });
  return { outcome, health, confirms };
}

const failing = (kind: UpstreamError['kind']) => () => {
  throw new UpstreamError(kind, 'because');
};

test('a page whose lease is confirmed is taken, with what was stored along with that', async () => {
  const { outcome, health } = await attemptWith(() => answering(200));
  expect(outcome).toMatchObject({ kind: 'taken', stored: 'kept', first: { page: { id } } });
  expect(health).toEqual(['succeeded']);
});

test.each(['leaseLost', 'leaseUnclear', 'abandoned'] as const)(
  'a page is given to nobody when it is %s',
  async (kind) => {
    const { outcome } = await attemptWith(() => answering(200), { kind });
    expect(outcome).toEqual({ kind });
  },
);

test('another answer of the cluster needs no lease', async () => {
  const { outcome, health, confirms } = await attemptWith(() => answering(401));
  expect(outcome).toMatchObject({ kind: 'answered', answer: { status: 401 } });
  expect([health, confirms]).toEqual([['succeeded'], 0]);
});

test.each<[string, () => ClusterAnswer]>([
  ['that does not answer', failing('refused')],
  ['that answers 503', () => answering(503)],
  ['whose answer is not a page', () => answering(200, '{}')],
])('a cluster %s has failed, and is avoided', async (_, ask) => {
  const { outcome, health, confirms } = await attemptWith(ask);
  expect(outcome).toMatchObject({ kind: 'failed', isBusy: false });
  expect([health, confirms]).toEqual([['failed'], 0]);
});

test('a cluster where too much is under way is not avoided: it was not asked', async () => {
  const { outcome, health } = await attemptWith(failing('busy'));
  expect(outcome).toMatchObject({ kind: 'failed', isBusy: true });
  expect(health).toEqual([]);
});

test('a client that hangs up says nothing of the cluster', async () => {
  const { outcome, health } = await attemptWith(failing('aborted'));
  expect(outcome).toEqual({ kind: 'abandoned' });
  expect(health).toEqual([]);
});
