import type { Socket } from 'node:net';

/** A connection that was accepted, and whoever has it. */
export type Accepted = {
  readonly connection: number;
  readonly listener: number;
  /** False: it is to be refused. */
  readonly isAdmitted: boolean;
  /** Here as long as no worker has said that it has it: one that ends before loses nothing. */
  socket: Socket | undefined;
  /** To be called when it has closed. */
  readonly release: () => void;
};

/** Gives a connection to a worker. */
export type Hand = (accepted: Accepted, socket: Socket) => void;

/** Spreads the connections evenly over the workers that serve: each goes to the one that has the fewest. */
export type Distribution = {
  accepted(accepted: Accepted): void;
  /** A worker serves from now on. */
  joined(worker: number, hand: Hand): void;
  /** It has ended, or is about to: what it had not taken goes to others, and what it had is closed. */
  left(worker: number): void;
  taken(worker: number, connection: number): void;
  closed(worker: number, connection: number): void;
  /** None is handed out any more; those that wait are closed. */
  stop(): void;
};

type Worker = { hand: Hand; open: Map<number, Accepted>; untaken: number };

/** Nobody serves yet: connections wait. */
export function createDistribution(): Distribution {
  const workers = new Map<number, Worker>();
  let waiting: Accepted[] = [];
  let isStopped = false;
  /** One that is busy takes none for a while: the others get them. */
  const best = () =>
    [...workers.values()].reduce<Worker | undefined>(
      (least, one) =>
        least === undefined ||
        one.untaken < least.untaken ||
        (one.untaken === least.untaken && one.open.size < least.open.size)
          ? one
          : least,
      undefined,
    );
  const place = (accepted: Accepted) => {
    const { socket } = accepted;
    if (socket === undefined) return accepted.release();
    const worker = isStopped ? undefined : best();
    if (worker !== undefined) {
      worker.open.set(accepted.connection, accepted);
      worker.untaken += 1;
      worker.hand(accepted, socket);
    } else if (isStopped || !accepted.isAdmitted) {
      socket.destroy();
      accepted.release();
    } else waiting.push(accepted);
  };
  const taken = (worker: Worker, accepted: Accepted) => {
    if (accepted.socket === undefined) return;
    worker.untaken -= 1;
    accepted.socket.destroy(); // the worker has it: only this process lets go of it
    accepted.socket = undefined;
  };
  return {
    accepted: place,
    joined: (id, hand) => {
      workers.set(id, { hand, open: new Map(), untaken: 0 });
      const ready = waiting;
      waiting = [];
      for (const accepted of ready) place(accepted);
    },
    left: (id) => {
      const worker = workers.get(id);
      workers.delete(id);
      for (const accepted of worker?.open.values() ?? []) place(accepted);
    },
    taken: (id, connection) => {
      const worker = workers.get(id);
      const accepted = worker?.open.get(connection);
      if (worker !== undefined && accepted !== undefined) taken(worker, accepted);
    },
    closed: (id, connection) => {
      const worker = workers.get(id);
      const accepted = worker?.open.get(connection);
      if (worker === undefined || accepted === undefined) return;
      taken(worker, accepted);
      worker.open.delete(connection);
      accepted.release();
    },
    stop: () => {
      isStopped = true;
      const left = waiting;
      waiting = [];
      for (const accepted of left) place(accepted);
    },
  };
}
