import { until } from '../processes/until.ts';
import type { GatewayCall } from './gateway-calls.ts';

/** Puts objects on the gatewayserver and waits until every replica uses them. */
export type SuiteConfiguration = {
  /** Puts these backends and waits until each is available. */
  addBackends(backends: Record<string, string>, more?: Record<string, unknown>): Promise<void>;
  /** Puts a group of these backends. */
  addGroup(id: string, backendIds: readonly string[], more?: Record<string, unknown>): Promise<void>;
};

const KNOWN_WITHIN_MS = 30_000;

/** Through the first of the replicas; each of the others reads within a second what was stored. */
export function configureSuite(first: GatewayCall, replicas: readonly GatewayCall[]): SuiteConfiguration {
  const untilAllKnow = async (what: string, knows: (call: GatewayCall) => Promise<boolean | undefined>) => {
    for (const [at, call] of replicas.entries())
      await until(`${what} at gatewayserver ${at + 1}`, () => knows(call), KNOWN_WITHIN_MS);
  };
  return {
    addBackends: async (backends, more = {}) => {
      for (const [id, url] of Object.entries(backends))
        await first('BackendService/PutBackend', { backend: { id, url, ...more } });
      type Known = { condition?: { available?: boolean } };
      for (const id of Object.keys(backends))
        await untilAllKnow(`backend ${id} to be available`, async (call) => {
          const { condition } = await call<Known>('BackendService/GetBackend', { id });
          return condition?.available;
        });
    },
    addGroup: async (id, backendIds, more = {}) => {
      const stored = await first('GroupService/PutGroup', { group: { id, backendIds, ...more } });
      await untilAllKnow(
        `group ${id}`,
        async (call) => JSON.stringify(await call('GroupService/GetGroup', { id })) === JSON.stringify(stored),
      );
    },
  };
}
