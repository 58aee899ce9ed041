import { setImmediate as soon } from 'node:timers/promises';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { expect, test } from '@jest/globals';
import { AdmissionService, GiveBackRequest_Reason } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { until } from '@trino-gateway/testing/processes/until';
import { fakeAdmission } from '../../tests/support/fake-admission.ts';
import { serveAdmission } from '../../tests/support/serve-admission.ts';
import { createAdmissionClient } from './admission-client.ts';
import { GatewayUnavailableError } from './retry-unreachable.ts';

const never = new AbortController().signal;
const secretHash = new Uint8Array(32).fill(1);
const place = { queryId: 't', submissionId: 's', secretHash };

function setUp(gatewayserverWaitMs = 60_000) {
  const fake = fakeAdmission({});
  const transport = createRouterTransport(({ service }) => service(AdmissionService, serveAdmission(fake)));
  const link = createAdmissionClient({ transport, routerId: 'r', gatewayserverWaitMs, logger: silentLogger });
  return { fake, link, [Symbol.asyncDispose]: () => link[Symbol.asyncDispose]() };
}

test('a short outage of the gatewayserver is waited out', async () => {
  await using bed = setUp();
  bed.fake.down = true;
  const enqueued = bed.link.enqueue(place, never);
  const found = bed.link.findQueued('t', never);
  await soon();
  bed.fake.down = false;
  expect(await enqueued).toMatchObject({ position: 1, refusal: '' });
  await found;
});

test('a longer outage is reported within the configured wait', async () => {
  await using bed = setUp(50);
  bed.fake.down = true;
  for (const call of [
    () => bed.link.enqueue(place, never),
    () => bed.link.awaitTurn({ queryId: 't', secretHash, waitMs: 10 }, { signal: never, waitMs: 10 }),
    () => bed.link.assign({ queryId: 't' }, never),
    () => bed.link.confirmLease('s', 'q', never),
    () => bed.link.activate({ trinoQueryId: 'q', backendId: 'a' }, { signal: never, waitMs: 10 }),
    () => bed.link.cancelQueued({ queryId: 't' }, never),
    () => bed.link.findQueued('t', never),
  ])
    await expect(call()).rejects.toBeInstanceOf(GatewayUnavailableError);
  await bed.link.release({ queryId: 't', reason: GiveBackRequest_Reason.FAILED });
  bed.link.leave({ queryId: 't' });
});

test('an unknown link is an answer, not an error', async () => {
  await using bed = setUp();
  const policy = { signal: never, waitMs: 0 };
  expect(await bed.link.awaitTurn({ queryId: 'x', secretHash, waitMs: 0 }, policy)).toBeUndefined();
  expect(await bed.link.cancelQueued({ queryId: 'x', secretHash }, never)).toBeUndefined();
  expect(await bed.link.findQueued('x', never)).toBeUndefined();
});

test('clients that poll on are attended, unless the gatewayserver is an older one or away', async () => {
  const request = { queries: [{ queryId: 't', secretHash }], waitMs: 1_000 };
  const outcomes: (Code | undefined)[] = [undefined, Code.Unimplemented, Code.InvalidArgument, Code.Unavailable];
  const answers: unknown[] = [];
  for (const code of outcomes) {
    const attend = () => {
      if (code !== undefined) throw new ConnectError('no', code);
      return { changedQueryIds: ['t'] };
    };
    const transport = createRouterTransport(({ service }) => service(AdmissionService, { attend }));
    const options = { transport, routerId: 'r', gatewayserverWaitMs: 60_000, logger: silentLogger };
    await using link = createAdmissionClient(options);
    answers.push(await link.attend(request, never));
  }
  expect(answers).toMatchObject([{ changedQueryIds: ['t'] }, undefined, undefined, undefined]);
  await using bed = setUp();
  expect(await bed.link.attend(request, never)).toBeUndefined();
});

test('a refusal of the gatewayserver is not repeated', async () => {
  let asked = 0;
  const transport = createRouterTransport(({ service }) =>
    service(AdmissionService, {
      handOut: () => {
        asked += 1;
        throw new ConnectError('no', Code.InvalidArgument);
      },
    }),
  );
  const options = { transport, routerId: 'r', gatewayserverWaitMs: 60_000, logger: silentLogger };
  await using link = createAdmissionClient(options);
  await expect(link.confirmLease('s', 'q', never)).rejects.toMatchObject({ code: Code.InvalidArgument });
  expect(asked).toBe(1);
});

test('queries that ended while the gatewayserver was away are reported when it is back', async () => {
  await using bed = setUp();
  bed.fake.down = true;
  bed.link.settle('q1');
  bed.link.settle('q2');
  await soon();
  expect(bed.fake.calls).toEqual([]);
  bed.fake.down = false;
  await until('it was reported', () => bed.fake.calls.length === 2);
  expect(bed.fake.calls).toEqual(['settle q1', 'settle q2']);
});
