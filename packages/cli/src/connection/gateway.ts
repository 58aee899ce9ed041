import { type Client, createClient } from '@connectrpc/connect';
import {
  BackendService,
  DiscoveryService,
  GroupService,
  PolicyService,
  QueryService,
  QueueService,
  RoutingService,
  ScalingService,
} from '@trino-gateway/api/gateway';
import { createGatewayTransport } from '@trino-gateway/runtime';
import type { Connection } from './connection.ts';
import { tellStale } from './tell-stale.ts';

/** The gatewayserver's API. Disposal closes its connections. */
export type Gateway = Disposable & {
  readonly connection: Connection;
  readonly backends: Client<typeof BackendService>;
  readonly discovery: Client<typeof DiscoveryService>;
  readonly groups: Client<typeof GroupService>;
  readonly policies: Client<typeof PolicyService>;
  readonly queries: Client<typeof QueryService>;
  readonly queue: Client<typeof QueueService>;
  readonly routing: Client<typeof RoutingService>;
  readonly scaling: Client<typeof ScalingService>;
};

/**
 * Connects with the first call. Of several addresses the first that works is used.
 * @param tell gets a line when an answer is not of now
 */
export function openGateway(connection: Connection, tell: (line: string) => void): Gateway {
  const connected = createGatewayTransport(connection);
  const transport = tellStale(connected, tell);
  return {
    connection,
    backends: createClient(BackendService, transport),
    discovery: createClient(DiscoveryService, transport),
    groups: createClient(GroupService, transport),
    policies: createClient(PolicyService, transport),
    queries: createClient(QueryService, transport),
    queue: createClient(QueueService, transport),
    routing: createClient(RoutingService, transport),
    scaling: createClient(ScalingService, transport),
    [Symbol.dispose]: () => connected[Symbol.dispose](),
  };
}
