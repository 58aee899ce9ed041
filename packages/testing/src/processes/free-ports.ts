import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { ownPorts } from './own-ports.ts';

const nextPort = ownPorts('programs');

/** Ports of the loopback address that nobody listens on now, all different, for programs of this process. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = new Map<number, Server>();
  try {
    while (servers.size < count) {
      const port = nextPort();
      const server = createServer();
      server.listen(port, '127.0.0.1');
      const isFree = await once(server, 'listening').then(
        () => true,
        () => false,
      );
      if (isFree) servers.set(port, server);
    }
    return [...servers.keys()];
  } finally {
    for (const server of servers.values()) server.close();
  }
}
