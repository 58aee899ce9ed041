import { silentLogger } from '@trino-gateway/runtime';
import { type Ledger, openLedger } from '../../../src/admission/ledger/ledger.ts';
import { admit } from '../../../src/admission/rules/admit.ts';
import { expire } from '../../../src/admission/rules/expiry.ts';
import { activate, confirmLease, settle } from '../../../src/admission/rules/lease-phases.ts';
import { assign, type Enqueued, end, enqueue, release, seen } from '../../../src/admission/rules/queue.ts';
import type { Waiter } from '../../../src/admission/state/waiter.ts';
import { sumOf } from '../../../src/admission/state/waiting-loads.ts';
import { DatabaseUnavailableError } from '../../../src/storage/contract/errors.ts';
import type { Store } from '../../../src/storage/contract/store.ts';
import { must } from '../../support/must.ts';
import { applicant, newcomer } from './arrivals.ts';
import { groupWithoutLimits } from './group-without-limits.ts';
import { limitsOf, UNBOUNDED_QUEUES } from './limits-of.ts';
import type { Command } from './replica-commands.ts';

type Client = {
  id: string;
  user: string;
  backendId: string;
  temporaryId: string;
  /** Answers of the clusters that were accepted, which the client is given. */
  accepted: Set<string>;
  phase: 'new' | 'leased' | 'waits' | 'runs' | 'over';
};

const SKEW_MS = [0, 5_000];
const NEVER_MS = 2_000_000_000;
let drawn = 0;

/** Runs the commands on two replicas of one database, and ends with nothing left. @throws Error naming the law broken */
export async function runOnReplicas(stores: readonly [Store, Store], commands: readonly Command[]): Promise<void> {
  const world = createWorld(stores);
  try {
    for (const command of commands) {
      await world.act(command);
      await world.check();
    }
    await world.drain();
  } finally {
    await world.close();
  }
}

function createWorld(stores: readonly [Store, Store]) {
  const run = `r${drawn++}`;
  const start = Date.now();
  let passed = 0;
  let max = 2;
  let top = 0;
  let fate: Command['fate'] = 'answered';
  const backends = ['a', 'b'];
  const group = groupWithoutLimits(backends);
  const queues = { ...UNBOUNDED_QUEUES, maxQueued: 6, maxQueuedOfUser: 3, maxBytes: 15, maxBytesOfUser: 8 };
  const limits = limitsOf({ maxOnBackend: () => max, group: () => group, queues });
  /** The store as one replica sees it: with a clock of its own, and with the failures of `fate`. */
  const mortal = (store: Store, skewMs: number): Parameters<typeof openLedger>[0]['store'] => ({
    changes: async (since) => {
      const changes = await store.admission.changes(since);
      return changes && { ...changes, now: start + passed + skewMs };
    },
    change: async (since, work) => {
      const version = await store.admission.change(since, (changes) => {
        const seenThen = { ...changes, now: start + passed + skewMs };
        if (fate === 'again') work(seenThen);
        const writes = work(seenThen);
        if (fate === 'undone') throw new DatabaseUnavailableError('died before the commit');
        return writes;
      });
      if (fate === 'unanswered') throw new DatabaseUnavailableError('died after the commit');
      return version;
    },
    prune: async () => {},
  });
  const open = (at: number): Ledger =>
    openLedger({
      store: mortal(stores[at] ?? stores[0], SKEW_MS[at] ?? 0),
      limits,
      configuration: { configurationRevision: () => 0, refresh: async () => {} },
      logger: silentLogger,
      timings: { expireEveryMs: NEVER_MS, refreshEveryMs: NEVER_MS },
    });
  const ledgers = [open(0), open(1)];
  const ledger = (at: number): Ledger => ledgers[at] ?? open(at);
  const clients: Client[] = [];
  const unanswered = Symbol('died');
  /** The answer; when none arrives, the command is repeated on the other replica, as routers do. */
  const asked = async <T>(at: number, as: Command['fate'], command: Parameters<Ledger['run']>[0]): Promise<T> => {
    fate = as;
    const answer = await ledger(at)
      .run(command)
      .catch((error: unknown) => {
        if (error instanceof DatabaseUnavailableError) return unanswered;
        throw error;
      })
      .finally(() => {
        fate = 'answered';
      });
    const { leases, waiters } = ledger(at).state().journal;
    must(leases.noted().size + waiters.noted().size === 0, 'what was not stored is not seen');
    return (answer === unanswered ? await ledger(1 - at).run(command) : answer) as T;
  };

  const submit = async (at: number, as: Command['fate']) => {
    const id = `${run}.${clients.length}`;
    const client: Client = {
      id,
      user: `u${clients.length % 3}`,
      backendId: '',
      temporaryId: `t${id}`,
      accepted: new Set(),
      phase: 'new',
    };
    clients.push(client);
    const admitted = await asked<ReturnType<typeof admit>>(at, as, (admission) =>
      admit(admission, applicant(id, { user: client.user })),
    );
    if (admitted.kind === 'lease') {
      client.phase = 'leased';
      client.backendId = admitted.lease.backendId;
      return;
    }
    client.phase = 'waits';
    const waiting = newcomer(client.temporaryId, { user: client.user, submissionId: id, bytes: 1 + (drawn++ % 4) });
    const { kind } = await asked<Enqueued>(at, as, (admission) => enqueue(admission, waiting));
    if (kind === 'full') client.phase = 'over';
  };
  const poll = async (client: Client, at: number, as: Command['fate']) => {
    if (client.phase === 'leased') {
      const queryId = `q${client.id}`;
      if (!(await asked<boolean>(at, as, (admission) => confirmLease(admission, client.id, queryId)))) {
        client.phase = 'over'; // its slot has expired: the router would call Route again
        return;
      }
      client.accepted.add(queryId);
    } else if (client.phase === 'waits') {
      const waiter = await asked<Waiter | undefined>(at, as, (admission) =>
        seen(admission, client.temporaryId, 10_000),
      );
      if (waiter === undefined) throw new Error('broken: a waiter that polls is not deleted');
      if (waiter.phase !== 'HANDED_OVER') return;
      client.backendId = waiter.claim?.backendId ?? '';
      must(client.accepted.has(waiter.queryId) && client.accepted.size === 1, 'the answer is the accepted one');
    } else return;
    const [queryId = ''] = client.accepted;
    const first = { queryId, backendId: client.backendId, neverWaits: false };
    if (await asked<boolean>(at, as, (admission) => activate(admission, first))) client.phase = 'runs';
    else if (client.phase === 'leased') client.phase = 'over';
  };
  const takeOffer = async (client: Client, at: number, as: Command['fate']) => {
    const waiter = ledger(at).state().waiter(client.temporaryId);
    if (client.phase !== 'waits' || waiter?.phase !== 'CLAIMED') return;
    const { id: claimId = '' } = waiter.claim ?? {};
    if (drawn++ % 4 === 0) {
      await asked(at, as, (admission) => release(admission, waiter.id, claimId, 'failed'));
      return;
    }
    // Two routers try at the same time.
    const answers = [`q${client.id}.${drawn++}`, `q${client.id}.${drawn++}`];
    for (const [which, queryId] of answers.entries()) {
      const over = (admission: Parameters<typeof assign>[0]) => assign(admission, waiter.id, claimId, queryId);
      if (await asked<boolean>(which === 0 ? at : 1 - at, as, over)) client.accepted.add(queryId);
    }
  };
  const act = async ({ kind, replica, client: which, fate: as }: Command) => {
    const able = clients.filter(({ phase }) =>
      kind === 'finish'
        ? phase === 'runs'
        : kind === 'poll'
          ? phase === 'leased' || phase === 'waits'
          : phase === 'waits',
    );
    const client = able[which % Math.max(able.length, 1)];
    if (kind === 'submit') {
      // Two at the same time, one at each replica.
      if (as === 'answered') await Promise.all([submit(replica, as), submit(1 - replica, as)]);
      else await submit(replica, as);
    } else if (kind === 'pass') {
      passed += [500, 3_000, 16_000, 31_000][which % 4] ?? 0;
      await asked(replica, as, expire);
    } else if (kind === 'restart') {
      await ledger(replica)[Symbol.asyncDispose]();
      ledgers[replica] = open(replica);
    } else if (kind === 'limit') max = 1 + (which % 3);
    else if (!client) return;
    else if (kind === 'poll') await poll(client, replica, as);
    else if (kind === 'offer') await takeOffer(client, replica, as);
    else if (kind === 'finish') await finish(client, replica, as);
    else {
      const ended = await asked<Waiter | undefined>(replica, as, (admission) => {
        end(admission, client.temporaryId, 'USER_CANCELED');
        return admission.state.waiter(client.temporaryId);
      });
      if (ended?.phase === 'ENDED') client.phase = 'over';
    }
  };
  const finish = async (client: Client, at: number, as: Command['fate']) => {
    await asked(at, as, (admission) => settle(admission, client.accepted));
    client.phase = 'over';
  };

  const viewOf = (at: number) => {
    const state = ledger(at).state();
    const waiters = [...state.waiters()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const leases = [...state.leases()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return { leases, waiters, queue: state.queue('g').map(({ id }) => id) };
  };
  const check = async () => {
    // Each round reads what the other has done, and may offer slots itself.
    let [one, other] = ['', 'unanswered'];
    for (let round = 0; round < 4 && one !== other; round++) {
      for (const each of ledgers) await each.run(() => undefined);
      [one = '', other = ''] = [viewOf(0), viewOf(1)].map((seenByIt) => JSON.stringify(seenByIt));
    }
    must(one === other, `both replicas know the same:\n${one}\n${other}`);
    for (const client of clients) must(client.accepted.size <= 1, 'one answer of a statement is accepted');
    const { loads } = ledger(0).state();
    const { waiters, bytes } = loads.all();
    must(waiters <= queues.maxQueued && bytes <= queues.maxBytes, 'all that wait keep their bounds');
    for (const user of new Set(clients.map((client) => client.user))) {
      const own = sumOf(loads.ofUser(user).values());
      must(own.waiters <= queues.maxQueuedOfUser && own.bytes <= queues.maxBytesOfUser, 'so do those of each user');
    }
    let highest = 0;
    for (const backendId of backends) {
      const running = clients.filter((client) => client.phase === 'runs' && client.backendId === backendId).length;
      const counted = ledger(0).state().onBackend(backendId);
      must(running <= counted, 'what runs holds a lease');
      must(counted <= Math.max(max, top), 'never over the limit');
      highest = Math.max(highest, counted);
    }
    top = highest;
    for (const client of clients.filter(({ phase }) => phase === 'waits'))
      must(ledger(0).state().waiter(client.temporaryId) !== undefined, 'no waiter is lost');
  };
  const drain = async () => {
    for (let round = 0; clients.some(({ phase }) => phase !== 'over'); round++) {
      must(round < 300, 'every waiter that polls is offered a slot');
      for (const client of clients) {
        const at = round % 2;
        if (client.phase === 'runs') await finish(client, at, 'answered');
        else await poll(client, at, 'answered');
        await takeOffer(client, at, 'answered');
      }
      passed += 1_000;
      await ledger(0).run(expire);
      await ledger(1).run(() => undefined);
      await check();
    }
    passed += 3_600_000;
    await ledger(0).run(expire);
    passed += 3_600_000;
    await ledger(0).run(expire);
    await ledger(1).run(() => undefined);
    must(viewOf(1).leases.length === 0 && viewOf(1).waiters.length === 0, 'at the end nothing is left');
    await stores[0].admission.prune(-10_000_000);
    must((await stores[1].admission.changes(undefined))?.entries.length === 0, 'at the end no row is left');
  };
  return {
    act,
    check,
    drain,
    close: async () => {
      for (const each of ledgers) await each[Symbol.asyncDispose]();
    },
  };
}
