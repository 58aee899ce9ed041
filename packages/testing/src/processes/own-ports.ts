import { randomInt } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import net from 'node:net';

// Tests go on calling what they have stopped, and a system soon gives its port to the next who asks. With several workers of Jest
// that is another test, whose cluster then gets the statements of strangers. So each worker has ports of its own.

// All below those that systems give to clients and to servers that leave the choice to them: nobody takes one of these by chance
// before the process it is for binds it.
const FIRST = { servers: 10_000, programs: 21_000 };
const COUNT = 11_000;
const MOST_WORKERS = 8;

/**
 * Ports that no other worker of Jest uses, one after the other, from anywhere among them: for servers of this process, or for
 * programs it starts. Outside of Jest all there are. They need not be free.
 */
export function ownPorts(forWhom: keyof typeof FIRST, workerId = process.env.JEST_WORKER_ID): () => number {
  const share = Math.floor(COUNT / MOST_WORKERS);
  const [first, count] =
    workerId === undefined
      ? [FIRST[forWhom], COUNT]
      : [FIRST[forWhom] + (Number(workerId) % MOST_WORKERS) * share, share];
  let next = randomInt(count);
  return () => {
    next = (next + 1) % count;
    return first + next;
  };
}

const LISTENS_ON_OWN_PORTS = Symbol.for('trino-gateway.listens-on-own-ports');

/** From now on a server of this process that leaves the choice of its port gets one of these, and the next while that is taken. */
export function listenOnOwnPorts(nextPort: () => number): void {
  const server = net.Server.prototype as { listen: (this: net.Server, ...how: unknown[]) => net.Server };
  // Node's modules are the same for all files of tests that a worker runs.
  if (LISTENS_ON_OWN_PORTS in server) return;
  const { listen } = server;
  Object.assign(server, {
    [LISTENS_ON_OWN_PORTS]: true,
    listen(this: net.Server, ...how: unknown[]): net.Server {
      const withPort = choiceOfPort(how);
      if (withPort === undefined) return listen.apply(this, how);
      const { emit } = this as EventEmitter;
      (this as EventEmitter).emit = (event: string | symbol, ...values: unknown[]) => {
        if (event === 'error' && isTaken(values[0])) {
          listen.apply(this, withoutCallback(withPort(nextPort())));
          return true;
        }
        if (event === 'listening' || event === 'error') (this as EventEmitter).emit = emit;
        return emit.call(this, event, ...values);
      };
      return listen.apply(this, withPort(nextPort()));
    },
  });
}

/** What to listen with at a port, when these arguments of `listen` leave the choice. */
function choiceOfPort([first, ...others]: unknown[]): ((port: number) => unknown[]) | undefined {
  if (first === 0) return (port) => [port, ...others];
  if (typeof first !== 'object' || first === null || !('port' in first) || first.port !== 0) return undefined;
  return (port) => [{ ...first, port }, ...others];
}

/** It waits for the event since the first attempt. */
const withoutCallback = (how: unknown[]) => how.filter((value) => typeof value !== 'function');

const isTaken = (error: unknown) => (error as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE';
