import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

// Below those that systems give to clients and to servers that leave the choice to them: nobody takes one of these by chance
// before the process it is for binds it.
const FIRST = 10_000;
const LAST = 32_000;

/** Ports of the loopback address that nobody listens on now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = new Map<number, Server>();
  try {
    while (servers.size < count) {
      const port = randomInt(FIRST, LAST);
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
