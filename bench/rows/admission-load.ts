import type { DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { AdmissionService, BackendService, GroupService, RoutingService } from '@trino-gateway/api/gateway';
import { createGatewayTransport, multiplexCalls } from '@trino-gateway/runtime';
import { until } from '@trino-gateway/testing/processes/until';

/** Short queries by many clients at a time, as routers ask for them: one router for each gatewayserver. */
export type AdmissionLoad = {
  /** Of the gatewayservers, whose default group is `g`. */
  urls: readonly string[];
  clients: number;
  seconds: number;
  /** Of the one backend; 0 is none. */
  limit: number;
};

const { activate, enqueue, awaitTurn, handOut, handOver, settleLeases } = AdmissionService.method;
const { route } = RoutingService.method;

let loads = 0;

/** How many queries were admitted, run and settled a second, and in all. */
export async function admittedQueries({ urls, clients, seconds, limit }: AdmissionLoad): Promise<{
  perSecond: number;
  count: number;
}> {
  using stack = new DisposableStack();
  const routers = urls.map((url) => stack.use(createRouter(url)));
  const [first] = routers;
  const backend = { id: 'b', url: 'http://127.0.0.1:1', maxRunningQueries: limit };
  await first?.call(BackendService.method.putBackend, { backend });
  await first?.call(BackendService.method.markHealthy, { id: 'b' });
  await first?.call(GroupService.method.putGroup, { group: { id: 'g', backendIds: ['b'] } });
  for (const { call } of routers)
    await until('the backend to be available', async () => {
      const known = await call(BackendService.method.getBackend, { id: 'b' });
      return known.condition?.available === true && known.maxRunningQueries === limit;
    });
  // Ids of its own: a question about an earlier one is answered from memory.
  loads += 1;
  const began = performance.now();
  const end = began + seconds * 1_000;
  const lanes = Array.from({ length: clients }, (_, lane) => routers[lane % routers.length]).map((router, lane) =>
    router ? untilDone(router, `${loads}.${lane}`, end) : 0,
  );
  const count = (await Promise.all(lanes)).reduce((sum, one) => sum + one, 0);
  return { perSecond: (count * 1_000) / (performance.now() - began), count };
}

type Router = Disposable & {
  call: Call;
  settle(trinoQueryId: string): Promise<unknown>;
};

type Call = <Input extends DescMethodUnary['input'], Output extends DescMethodUnary['output']>(
  method: DescMethodUnary<Input, Output>,
  request: MessageInitShape<Input>,
) => Promise<MessageShape<Output>>;

function createRouter(url: string): Router {
  const plain = createGatewayTransport({ urls: [url], timeLimitMs: 60_000 });
  const transport = multiplexCalls(plain, [RoutingService, AdmissionService]);
  const call: Call = async (method, request) =>
    (await transport.unary(method, undefined, undefined, undefined, request)).message;
  return {
    call,
    settle: batched((trinoQueryIds) => call(settleLeases, { trinoQueryIds })),
    [Symbol.dispose]: () => {
      transport[Symbol.dispose]();
      plain[Symbol.dispose]();
    },
  };
}

/** One client's queries, one after the other. */
async function untilDone({ call, settle }: Router, lane: string, end: number): Promise<number> {
  for (let count = 0; ; count++) {
    if (performance.now() > end) return count;
    const submissionId = `s${lane}.${count}`;
    const trinoQueryId = `20261121_000000_00000_${submissionId}`;
    const question = { submissionId, routerId: 'r', user: `u${lane}`, statement: 'SELECT 1' };
    const answer = await call(route, question);
    if (answer.mustWait) await wait(call, submissionId, trinoQueryId);
    else if (answer.leased) await call(handOut, { submissionId, trinoQueryId });
    else continue;
    await call(activate, { trinoQueryId, backendId: 'b' });
    await settle(trinoQueryId);
  }
}

async function wait(call: Call, submissionId: string, trinoQueryId: string): Promise<void> {
  const queryId = `t${submissionId}`;
  const secretHash = new Uint8Array(32);
  const sealed = new Uint8Array(1_000);
  await call(enqueue, { queryId, submissionId, groupId: 'g', user: 'u', secretHash, sealed });
  for (;;) {
    const { state } = await call(awaitTurn, { queryId, secretHash, waitMs: 5_000 });
    if (state.case !== 'turn') continue;
    const { claimId } = state.value;
    const { accepted } = await call(handOver, { queryId, claimId, trinoQueryId, sealedAnswer: sealed });
    if (accepted) return;
  }
}

/** As routers do: one call for all that come in one turn of the loop. */
function batched(send: (ids: string[]) => Promise<unknown>): (id: string) => Promise<unknown> {
  let ids: string[] = [];
  let sent: Promise<unknown> = Promise.resolve();
  return (id) => {
    ids.push(id);
    if (ids.length === 1)
      sent = new Promise((resolve) => setImmediate(resolve)).then(() => {
        const all = ids;
        ids = [];
        return send(all);
      });
    return sent;
  };
}
