import { create } from '@bufbuild/protobuf';
import { createClient, createRouterTransport } from '@connectrpc/connect';
import { expect, test } from '@jest/globals';
import { AdmissionService, BackendSchema } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { Registry } from 'prom-client';
import { openLedger } from '../../src/admission/ledger/ledger.ts';
import { createAdmissionMetrics } from '../../src/admission/metrics.ts';
import { createLoadCounts } from '../../src/decisions/load-counts.ts';
import { admissionService } from '../../src/rpc/services/admission/admission.ts';
import type { Store } from '../../src/storage/contract/store.ts';
import { openStore } from '../../src/storage/index.ts';
import { groupWithoutLimits } from './support/group-without-limits.ts';
import { limitsOf } from './support/limits-of.ts';

const waiter = { queryId: 't', secretHash: new Uint8Array(32) };
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

test('a poll whose slot offer another poll has just used gets the answer of that one', async () => {
  await using stored = await openStore({ url: 'sqlite::memory:', logger: silentLogger });
  /** Called before a sealed text is read. */
  let meanwhile: (() => Promise<unknown>) | undefined;
  const store: Store = {
    ...stored,
    sealedTexts: {
      ...stored.sealedTexts,
      get: async (id, part) => {
        const first = meanwhile;
        meanwhile = undefined;
        await first?.();
        return stored.sealedTexts.get(id, part);
      },
    },
  };
  const limits = { ...limitsOf({ maxOnBackend: () => 1, group: () => groupWithoutLimits(['b']) }), bounds: () => true };
  const configuration = { configurationRevision: () => 0, refresh: async () => {} };
  await using ledger = openLedger({ store: store.admission, limits, configuration, logger: silentLogger });
  const backend = create(BackendSchema, { id: 'b', url: 'http://b' });
  const service = admissionService({
    store,
    ledger,
    limits,
    configuration: { known: { backends: new Map([['b', { backend, draining: false }]]) }, isLimited: () => true },
    live: createLoadCounts(Date.now),
    admissionMetrics: createAdmissionMetrics(new Registry()),
    stopping: new AbortController().signal,
    logger: silentLogger,
  } as unknown as Parameters<typeof admissionService>[0]);
  const client = createClient(
    AdmissionService,
    createRouterTransport((router) => router.service(AdmissionService, service)),
  );
  const place = { submissionId: 's', groupId: 'g', user: 'ann', sealed: bytes('statement') };
  await client.enqueue({ ...waiter, ...place });
  const poll = () => client.awaitTurn({ ...waiter, waitMs: 1_000 });
  const { state } = await poll();
  if (state.case !== 'turn') throw new Error(`got ${state.case} instead of a turn`);
  const { claimId } = state.value;
  meanwhile = () => client.handOver({ queryId: 't', claimId, trinoQueryId: 'q', sealedAnswer: bytes('answer') });
  expect((await poll()).state).toMatchObject({ case: 'handedOver', value: { sealedAnswer: bytes('answer') } });
});
