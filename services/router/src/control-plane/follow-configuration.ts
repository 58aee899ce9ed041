import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { SuiteService, type WatchSnapshotResponse } from '@trino-gateway/api/gateway';
import { type Logger, type LongPolls, within } from '@trino-gateway/runtime';
import type { Incarnation } from '../stickiness/coordinator.ts';
import type { OwnershipTable } from '../stickiness/ownership.ts';
import { type KnownConfiguration, openKnownConfiguration } from './configuration/known-configuration.ts';
import { createStateFile } from './configuration/state-file.ts';
import { watchConfiguration } from './configuration/watch-configuration.ts';
import { createIncarnationReports } from './record-incarnations.ts';

/** The configuration in force, and whoever keeps it up to date. Disposal ends that, and writes the state file. */
export type FollowedConfiguration = AsyncDisposable &
  Pick<KnownConfiguration, 'backends' | 'authentication' | 'routingNeeds' | 'signingKey' | 'state'> & {
    /** Why no submission can be accepted yet; undefined once there is a configuration. */
    notReady(): string | undefined;
    /** Milliseconds since the gatewayserver last confirmed it; undefined before it ever did. */
    snapshotAgeMs(): number | undefined;
    /** What does not work between router and gatewayserver now; undefined when all does. */
    trouble(): string | undefined;
    /**
     * Reports an incarnation seen for the first time to the gatewayserver, and saves it in the state file; resolves when both are done, or
     * after 500 ms. False when the gatewayserver knows that the suffix is another backend's.
     */
    recordIncarnation(incarnation: Incarnation): Promise<boolean>;
  };

export type FollowOptions = {
  transport: Transport;
  /** `router.state_file`. */
  stateFile: string;
  /** Whether `router.gatewayserver_token` is set: tells a missing token from a wrong one. */
  hasToken: boolean;
  /** Updated with every snapshot. */
  ownership: OwnershipTable;
  /** Called when backends or incarnations have changed. */
  onChange?: (() => void) | undefined;
  /** Called with every snapshot, before it is in force. */
  onSnapshot: (snapshot: WatchSnapshotResponse) => void;
  logger: Logger;
  /** Shorter in tests, in milliseconds. */
  timings?: Partial<typeof TIMINGS> & { watchPauses?: LongPolls['pauses'] };
};

const TIMINGS = {
  /** How long the gatewayserver may hold a watch. */
  watchWaitMs: 10_000,
  recordLimitMs: 500,
};

/** Reads the state file and begins to watch the gatewayserver, whether it is there yet or not. */
export function followConfiguration(options: FollowOptions): FollowedConfiguration {
  const { transport, stateFile, hasToken, ownership, onChange, onSnapshot, logger } = options;
  const { watchWaitMs, recordLimitMs, watchPauses } = { ...TIMINGS, watchPauses: undefined, ...options.timings };
  const suite: Client<typeof SuiteService> = createClient(SuiteService, transport);
  const configuration = openKnownConfiguration({
    keep: (state) => createStateFile(stateFile, state, logger),
    ...{ ownership, onChange, logger },
  });
  const incarnations = createIncarnationReports({ suite, ownership, callLimitMs: recordLimitMs, logger });
  for (const incarnation of configuration.restored) void incarnations.record(incarnation);
  const watch = watchConfiguration({
    ...{ suite, waitMs: watchWaitMs, hasToken, pauses: watchPauses, logger },
    onSnapshot: (snapshot) => {
      onSnapshot(snapshot);
      const { refusalKey, ...known } = snapshot;
      configuration.replace({ ...known, signingKey: refusalKey });
    },
  });
  const { backends, authentication, routingNeeds, signingKey, state } = configuration;
  return {
    ...{ backends, authentication, routingNeeds, signingKey, state },
    trouble: watch.trouble,
    snapshotAgeMs: watch.ageMs,
    notReady: () => {
      if (watch.mistake() !== undefined) return watch.mistake();
      if (signingKey()) return undefined;
      return watch.trouble() ?? 'no snapshot of the configuration yet: waiting for the gatewayserver';
    },
    recordIncarnation: async (incarnation) => {
      let isAccepted = true;
      const recorded = incarnations.record(incarnation).then((answer) => {
        isAccepted = answer;
      });
      await within(recordLimitMs, () => Promise.all([recorded, configuration.save()]));
      return isAccepted;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([watch, incarnations].map((part) => part[Symbol.asyncDispose]()));
      await configuration[Symbol.asyncDispose]();
    },
  };
}
