import { join } from 'node:path';
import { createRouterTransport, type Transport } from '@connectrpc/connect';
import { silentLogger } from '@trino-gateway/runtime';
import { type FollowOptions, followConfiguration } from '../../src/control-plane/follow-configuration.ts';
import { createGatewayClient, type GatewayClientOptions } from '../../src/control-plane/gateway-client.ts';
import { carriedOnOneStream } from '../../src/control-plane/uplink.ts';
import { createOwnership } from '../../src/stickiness/ownership.ts';
import type { FakeGatewayserver } from './fake-gatewayserver.ts';

export const FAST = {
  watchWaitMs: 1_000,
  watchPauses: { firstMs: 10, longestMs: 50 },
  reportIntervalMs: 10,
  usedSuffixesIntervalMs: 0,
};

export const routeRequest = {
  submissionId: 's1',
  listeningPort: 8080,
  host: 'gw',
  headers: [],
  statement: 'SELECT 1',
  user: 'ann',
  clientIp: '192.0.2.1',
  excludedBackendIds: [],
  avoidedBackendIds: [],
  boundBackendId: '',
};

export function inMemory(fake: FakeGatewayserver): Transport {
  return createRouterTransport(fake.routes);
}

type Options = Partial<Omit<GatewayClientOptions, 'timings'>> &
  Partial<Pick<FollowOptions, 'stateFile' | 'hasToken' | 'onChange'>> & {
    timings?: FollowOptions['timings'] & GatewayClientOptions['timings'];
  };

/** A client whose state file is in this folder; what it logs and has live stands beside it. */
export function startGatewayClient(folder: string, transport: Transport, options: Options = {}) {
  const ownership = createOwnership();
  const live = new Map<string, number>();
  const log: string[] = [];
  const logger = {
    ...silentLogger,
    warn: (line: string) => void log.push(`warn ${line}`),
    info: (line: string) => void log.push(`info ${line}`),
  };
  const carried = carriedOnOneStream(transport);
  const { stateFile = join(folder, 'state.json'), hasToken = false, onChange, timings = FAST, ...others } = options;
  const gateway = createGatewayClient({
    transport: carried,
    routerId: 'r1',
    gatewayserverWaitMs: 5_000,
    follow: (onSnapshot) =>
      followConfiguration({
        ...{ transport: carried, stateFile, hasToken, ownership, onChange, onSnapshot, timings },
        logger: options.logger ?? logger,
      }),
    ownership,
    liveCounts: () => live,
    queriesOf: () => ({ live: 0, queries: [], endedQueryIds: [] }),
    logger,
    timings,
    ...others,
  });
  const dispose = async () => {
    await gateway[Symbol.asyncDispose]();
    carried[Symbol.dispose]();
  };
  return { gateway, ownership, live, log, [Symbol.asyncDispose]: dispose };
}
