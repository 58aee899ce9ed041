import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { SuiteConfig } from '@trino-gateway/config';
import type { Plan } from './plan.ts';

/** A port that will be bound, and what to change when it cannot be. */
export type NeededPort = { host: string; port: number; use: string; change: string };

/** All ports the suite, and the samples when there are any, will bind. */
export function neededPorts({ gatewayserver, monitor, router }: SuiteConfig, plan: Plan): NeededPort[] {
  const byKey = (section: string, key: string, use: string) => (address: { host: string; port: number }) => ({
    ...address,
    use,
    change: `${section}.${key} (TRINO_GATEWAY_${section.toUpperCase()}_${key.toUpperCase()}=host:port)`,
  });
  return [
    ...router.listen.map(byKey('router', 'listen', 'Trino clients')),
    byKey('gatewayserver', 'listen', 'the API')(gatewayserver.listen),
    byKey('gatewayserver', 'ops_listen', 'the ops pages of the gatewayserver')(gatewayserver.ops_listen),
    byKey('monitor', 'ops_listen', 'the ops pages of the monitor')(monitor.ops_listen),
    byKey('router', 'ops_listen', 'the ops pages of the router')(router.ops_listen),
    ...(plan.clusters === 'samples'
      ? plan.ports.map((port) => ({ host: '127.0.0.1', port, use: 'a sample cluster', change: 'SAMPLE_PORTS=a,b' }))
      : []),
  ];
}

/** One sentence for each port that cannot be bound, or is wanted twice; empty when all is well. Holds none of them. */
export async function portProblems(needed: readonly NeededPort[]): Promise<string[]> {
  const problems: string[] = [];
  const bound: Server[] = [];
  for (const { host, port, use, change } of needed) {
    if (port === 0) continue; // any free one
    const server = createServer();
    server.listen(port, host);
    try {
      await once(server, 'listening');
      bound.push(server);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be had (${code})`;
      problems.push(`port ${port} on ${host}, for ${use}, ${why}: free it, or change ${change}`);
    }
  }
  await Promise.all(bound.map((server) => once(server.close(), 'close')));
  return problems;
}
