import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Where a pod serves, and where it says whether it is ready. */
export type Endpoint = { readonly url: string; readonly opsUrl: string };

/**
 * One address in front of pods, as a Service is, or a load balancer of connections: a new connection goes to the next pod
 * that is ready, an open one stays where it is, and nothing is tried twice.
 */
export type ServiceAddress = AsyncDisposable & {
  readonly url: string;
  /** A pod that is ready. It leaves by itself, when it says often enough that it is not. */
  add(pod: Endpoint): void;
  /** Connections that found no pod, or one that did not listen any more. */
  readonly refused: readonly string[];
};

/** @param health how often a pod is asked, and the refusals in a row after which it gets no new connection */
export async function startServiceAddress(health: { everyMs: number; refusals: number }): Promise<ServiceAddress> {
  const pods = new Map<Endpoint, number>();
  const refused: string[] = [];
  const open = new Set<Socket>();
  const stopping = new AbortController();
  let next = 0;
  const follow = async () => {
    while (!stopping.signal.aborted) {
      await delay(health.everyMs, undefined, { signal: stopping.signal }).catch(() => {});
      for (const [pod, before] of pods) {
        const refusals = (await isReady(pod)) ? 0 : before + 1;
        if (refusals >= health.refusals) pods.delete(pod);
        else pods.set(pod, refusals);
      }
    }
  };
  const following = follow();
  const server = net.createServer((client) => {
    const pod = [...pods.keys()][next++ % Math.max(pods.size, 1)];
    if (!pod) {
      refused.push('no pod is ready');
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(pod.url);
    const onward = net.connect(Number(port), hostname);
    for (const socket of [client, onward]) open.add(socket.once('close', () => open.delete(socket)));
    onward.once('error', (error: NodeJS.ErrnoException) => {
      if (error.syscall === 'connect') refused.push(`${pod.url}: ${error.code}`);
      client.destroy();
    });
    client.once('error', () => onward.destroy());
    client.pipe(onward).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (pod) => void pods.set(pod, 0),
    refused,
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await following;
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function isReady({ opsUrl }: Endpoint): Promise<boolean> {
  return fetch(`${opsUrl}/readyz`, { signal: AbortSignal.timeout(3_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
