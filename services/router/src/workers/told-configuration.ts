import { fromBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { SuiteService, WatchSnapshotResponseSchema } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { openKnownConfiguration } from '../control-plane/configuration/known-configuration.ts';
import { parseState } from '../control-plane/configuration/router-state.ts';
import type { Following } from '../control-plane/control-plane.ts';
import type { FollowedConfiguration } from '../control-plane/follow-configuration.ts';
import type { Incarnation } from '../stickiness/coordinator.ts';
import type { Start } from './messages.ts';

/** The configuration of a worker: the first process follows it, keeps its file, and tells of it. */
export type ToldConfiguration = FollowedConfiguration & {
  /** WatchSnapshotResponse: it is in force from now on. */
  replace(snapshot: Uint8Array): void;
  /** Another worker has seen this incarnation. */
  learnt(incarnation: Incarnation): void;
};

const RECORD_LIMIT_MS = 1_000;

/** Begins with what was known when the worker was started. */
export function openToldConfiguration(
  { ownership, onChange, onSnapshot }: Following,
  { state, snapshot }: Pick<Start, 'state' | 'snapshot'>,
  transport: Transport,
): ToldConfiguration {
  const suite = createClient(SuiteService, transport);
  const configuration = openKnownConfiguration({
    keep: () => ({
      read: () => (state === undefined ? undefined : parseState(state)),
      saveSoon: () => {},
      save: async () => {},
      [Symbol.asyncDispose]: async () => {},
    }),
    ...{ ownership, onChange, logger: silentLogger },
  });
  const replace = (bytes: Uint8Array) => {
    const told = fromBinary(WatchSnapshotResponseSchema, bytes);
    onSnapshot(told);
    const { refusalKey, ...known } = told;
    configuration.replace({ ...known, signingKey: refusalKey });
  };
  if (snapshot !== undefined) replace(snapshot);
  const { backends, authentication, routingNeeds, signingKey } = configuration;
  return {
    ...{ backends, authentication, routingNeeds, signingKey, state: configuration.state },
    replace,
    learnt: (incarnation) => {
      ownership.restore(incarnation);
      onChange?.();
    },
    notReady: () => (signingKey() ? undefined : 'no snapshot of the configuration yet: waiting for the gatewayserver'),
    snapshotAgeMs: () => undefined,
    trouble: () => undefined,
    recordIncarnation: async (incarnation) => {
      const { suffix, backendId, url } = incarnation;
      try {
        await suite.recordIncarnation({ suffix, backendId, url }, { timeoutMs: RECORD_LIMIT_MS });
      } catch (error) {
        // Of anything else the first process takes care.
        if (ConnectError.from(error).code !== Code.FailedPrecondition) return true;
        ownership.forget(incarnation);
        return false;
      }
      return true;
    },
    [Symbol.asyncDispose]: () => configuration[Symbol.asyncDispose](),
  };
}
