import type { Transport } from '@connectrpc/connect';
import type { Logger } from '@trino-gateway/runtime';
import type { Bounds } from '../limits/bounds.ts';
import type { Distribution } from './distribute.ts';
import { forkWorker, type WorkerProcess } from './fork-worker.ts';
import type { Measured, Start, ToPrimary, ToWorker } from './messages.ts';
import { createQuestions } from './questions.ts';
import { type RelayedCalls, relayCalls } from './relayed-calls.ts';
import { createPools } from './rooms/pools.ts';
import { type Supervisor, startSupervisor } from './supervisor.ts';

/** The workers of a router, and what they need of its first process. Disposal ends them. */
export type WorkerPool = Pick<Supervisor, 'serving' | 'restarts' | 'begun'> &
  AsyncDisposable & {
    /** To all workers, but the one with this id. */
    tell(message: ToWorker, except?: number): void;
    /** What each of them measures; without those that do not answer in time. */
    measure(): Promise<Map<number, Measured>>;
    /** From now on these limits hold. */
    resize(bounds: Bounds): void;
  };

export type WorkerPoolOptions = {
  size: number;
  /** Of the program of a worker. */
  file: string;
  /** Makes the calls of a worker. */
  transport: (worker: number) => Transport;
  bounds: Bounds;
  distribution: Distribution;
  /** What a worker is told first. */
  start: (number: number) => Start;
  onLeft: (worker: number) => void;
  logger: Logger;
};

type Worker = { process: WorkerProcess; calls: RelayedCalls };

const COLLECT_LIMIT_MS = 250;
const MEASURE_LIMIT_MS = 2_000;

/** Starts the workers. Each process has an id of its own, and the number of the one whose place it takes. */
export function startWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const { size, file, transport, bounds, distribution, start, onLeft, logger } = options;
  const workers = new Map<number, Worker>();
  const collecting = createQuestions<true>(COLLECT_LIMIT_MS);
  const measuring = createQuestions<Measured>(MEASURE_LIMIT_MS);
  let lastId = 0;
  const tell: WorkerPool['tell'] = (message, except) => {
    for (const [id, { process }] of workers) if (id !== except) process.send(message);
  };
  const pools = createPools({
    ...{ bounds, workers: () => workers.size },
    collect: async (pool, owner, except) => {
      const others = [...workers.keys()].filter((id) => id !== except);
      await collecting.ask(others, (id, question) =>
        workers.get(id)?.process.send({ kind: 'collect', question, pool, owner }),
      );
    },
  });
  const left = (id: number) => {
    workers.get(id)?.calls.left();
    workers.delete(id);
    for (const part of [pools, collecting, measuring, distribution]) part.left(id);
    onLeft(id);
  };
  const answer = async (id: number, { process }: Worker, message: Extract<ToPrimary, { kind: 'ask' }>) => {
    const { question, pool, owner, count } = message;
    const grant = await pools[pool].ask(id, owner, count);
    if (workers.has(id)) process.send({ kind: 'grant', question, grant });
    else pools.left(id);
  };
  const take = (id: number, worker: Worker, message: Exclude<ToPrimary, { kind: 'loaded' | 'serving' }>) => {
    switch (message.kind) {
      case 'pong':
        return;
      case 'connections':
        for (const connection of message.taken) distribution.taken(id, connection);
        for (const connection of message.closed) distribution.closed(id, connection);
        return;
      case 'call':
        return worker.calls.call(message);
      case 'dropped':
        return worker.calls.dropped(message.call);
      case 'news':
        return tell(message, id);
      case 'ask':
        return void answer(id, worker, message);
      case 'took':
        return pools[message.pool].took(id, message.owner, message.count);
      case 'returned':
        pools[message.pool].returned(id, message.returned);
        return message.question !== undefined ? collecting.answered(id, message.question, true) : undefined;
      case 'measured':
        return measuring.answered(id, message.question, message.metrics);
    }
  };
  const supervisor = startSupervisor({
    ...{ size, logger },
    start: (number, { onServing, onHeard, onEnded }) => {
      const id = ++lastId;
      const process = forkWorker(file, {
        onMessage: (message) => {
          onHeard();
          if (message.kind === 'loaded') process.send(start(number));
          else if (message.kind === 'serving') {
            distribution.joined(id, ({ connection, listener, isAdmitted }, socket) =>
              process.send({ kind: 'connection', connection, listener, isAdmitted }, socket),
            );
            onServing();
          } else take(id, worker, message);
        },
        onEnded: (ending) => {
          left(id);
          onEnded(ending);
        },
      });
      const worker: Worker = { process, calls: relayCalls(transport(id), process.send) };
      workers.set(id, worker);
      return {
        ...{ pid: process.pid, kill: process.kill },
        stop: () => process.send({ kind: 'stop' }),
        ping: () => process.send({ kind: 'ping' }),
      };
    },
  });
  return {
    ...{ serving: supervisor.serving, restarts: supervisor.restarts, begun: supervisor.begun, tell },
    measure: () =>
      measuring.ask([...workers.keys()], (id, question) =>
        workers.get(id)?.process.send({ kind: 'measure', question }),
      ),
    resize: pools.resize,
    [Symbol.asyncDispose]: () => supervisor[Symbol.asyncDispose](),
  };
}
