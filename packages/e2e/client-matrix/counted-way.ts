import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** Leads to another address, and counts what comes from there. */
export type CountedWay = AsyncDisposable & {
  url: string;
  /** Bytes until now. */
  bytes(): number;
};

/** Opens a way on a port of its own; links that are made by the Host header lead through it, too. */
export async function countedWay(to: string): Promise<CountedWay> {
  const { protocol, hostname, port } = new URL(to);
  let bytes = 0;
  const server = createServer((client) => {
    const there = connect({ host: hostname, port: Number(port) });
    there.on('data', (chunk) => {
      bytes += chunk.length;
    });
    client.on('error', () => there.destroy());
    there.on('error', () => client.destroy());
    client.pipe(there).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${protocol}//127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => bytes,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
