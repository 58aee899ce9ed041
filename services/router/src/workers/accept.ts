import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Address, describeError, type Logger, listening, reachableUrl } from '@trino-gateway/runtime';
import type { ConnectionLimit } from '../limits/connection-limit.ts';
import { onceAMinute } from '../limits/once-a-minute.ts';
import type { Accepted } from './distribute.ts';

/** An address where clients connect, and what its key and its links say. */
export type ListeningAddress = { address: Address; key: string; scheme: 'http' | 'https' };

/** The ports of a router with workers. Disposal closes them: no further connection comes. */
export type Ports = Disposable & { readonly ports: readonly number[]; readonly urls: readonly string[] };

/**
 * Accepts the connections of clients, and reads nothing of them. This process alone does: its workers' ports are then never closed, whoever
 * dies, and each worker has its fair part of few connections that last, where the kernel would draw lots.
 * @throws Error naming the address and its key when it cannot be had
 */
export async function acceptOnAll(
  addresses: readonly ListeningAddress[],
  limit: Pick<ConnectionLimit, 'take'>,
  logger: Logger,
  onAccepted: (accepted: Accepted) => void,
): Promise<Ports> {
  using binding = new DisposableStack();
  const ports: number[] = [];
  let last = 0;
  const warn = (error: unknown) => logger.warn('a connection cannot be accepted', { error: describeError(error) });
  for (const [listener, { address, key }] of addresses.entries()) {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
    server.on('connection', (socket: Socket) => {
      const release = limit.take(socket.remoteAddress ?? '');
      socket.on('error', () => {});
      const isAdmitted = release !== undefined;
      onAccepted({ connection: ++last, listener, isAdmitted, socket, release: release ?? (() => {}) });
    });
    ports.push(await bound(server, address, key));
    let latest: unknown;
    const told = onceAMinute(
      () => warn(latest),
      () => performance.now(),
    );
    server.on('error', (error) => {
      latest = error;
      told();
    });
    binding.defer(() => void server.close());
  }
  const owned = binding.move();
  return {
    ports,
    urls: addresses.map(({ address: { host }, scheme }, at) => urlOf({ host, port: ports[at] ?? 0 }, scheme)),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

async function bound(server: Server, address: Address, key: string): Promise<number> {
  try {
    await listening(server, address);
  } catch (error) {
    throw new Error(`${key}: ${(error as Error).message}`, { cause: (error as Error).cause });
  }
  return (server.address() as AddressInfo).port;
}

function urlOf(address: Address, scheme: ListeningAddress['scheme']): string {
  return reachableUrl(address).replace(/^http:/, `${scheme}:`);
}
