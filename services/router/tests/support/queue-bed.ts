import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { isTemporaryQueryId } from '@trino-gateway/trino';
import { ask, pageOf, type Reply, user } from './client.ts';
import { type FakeAdmission, fakeAdmission } from './fake-admission.ts';
import { startTestbed, type Testbed, type TestbedOptions } from './testbed.ts';

/** A cluster with few slots, and a router before it. */
export type QueueBed = AsyncDisposable & {
  trino: ScriptedTrino;
  admission: FakeAdmission;
  router: Testbed;
  /** Frees a slot that another query has. */
  free(): void;
  /** Starts another router like the first; it is the caller's to dispose of. */
  start(): Promise<Testbed>;
};

/** Starts a cluster with `slots` slots (1), of which others have `taken` (1), and a router before it. */
export async function startQueueBed(
  options: { slots?: number; taken?: number; router?: TestbedOptions; trino?: ScriptedTrino } = {},
): Promise<QueueBed> {
  const trino = options.trino ?? (await startScriptedTrino());
  const admission = fakeAdmission({ trino: options.slots ?? 1 });
  const others = Array.from({ length: options.taken ?? 1 }, (_, at) => `other-${at}`);
  for (const id of others) admission.leases.set(id, { backendId: 'trino', queryId: id, running: true });
  const free = () => admission.link.settle(others.shift() ?? '');
  const start = () => startTestbed({ clusters: { trino }, admission, ...options.router });
  const router = await start();
  return {
    ...{ trino, admission, router, free, start },
    [Symbol.asyncDispose]: async () => {
      await router[Symbol.asyncDispose]();
      await trino.stop();
    },
  };
}

/** What was asked of statement links: only this can start a query. */
export function polled(trino: ScriptedTrino): ScriptedTrino['requests'] {
  return trino.requests.filter(({ method, path }) => method !== 'POST' && path.startsWith('/v1/statement/'));
}

/** The submissions that reached the cluster. */
export function posted(trino: ScriptedTrino): ScriptedTrino['requests'] {
  return trino.requests.filter(({ method }) => method === 'POST');
}

/** The waiter, where there is but one. */
export function onlyWaiter({ waiters }: FakeAdmission) {
  return [...waiters.values()][0];
}

/** Whether it is a page of the wait: its id is a temporary one. */
export function isWaiting(reply: Reply): boolean {
  return reply.status === 200 && isTemporaryQueryId(pageOf(reply).id);
}

/** Polls a waiting statement until it is with the cluster; the pages of the wait are left out. */
export async function pollUntilHandedOver(nextUri: string, headers: readonly string[] = user): Promise<Reply> {
  for (let link = nextUri; ; ) {
    const reply = await ask(link, { headers });
    if (!isWaiting(reply)) return reply;
    // The address of its links may be one for clients alone.
    const { pathname, search } = new URL(pageOf(reply).nextUri ?? '');
    link = new URL(nextUri).origin + pathname + search;
  }
}

/** Polls from a first page to the end: all rows, and the last page. */
export async function rest(first: Reply, headers: readonly string[] = user) {
  let page = pageOf(first);
  const rows = [...(page.data ?? [])];
  while (page.nextUri !== undefined) {
    page = pageOf(await ask(page.nextUri, { headers }));
    rows.push(...(page.data ?? []));
  }
  return { rows, last: page };
}
