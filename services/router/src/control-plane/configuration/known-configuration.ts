import { createSecretKey, type KeyObject } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import {
  type AuthenticationCheck,
  authenticationCheck,
  type DelegatedAuthentication,
} from '@trino-gateway/api/authentication';
import { type RoutingNeeds, type SnapshotBackend, SnapshotBackendSchema } from '@trino-gateway/api/gateway';
import type { Logger } from '@trino-gateway/runtime';
import { type Incarnation, plainTls } from '../../stickiness/coordinator.ts';
import type { OwnershipTable } from '../../stickiness/ownership.ts';
import type { KnownBackend, RouterState } from './router-state.ts';
import type { StateFile } from './state-file.ts';

/** What the router keeps of a snapshot of the gatewayserver's. */
export type Configuration = {
  backends: readonly SnapshotBackend[];
  incarnations: readonly Incarnation[];
  /** Where delegated authentication is asked for; undefined while that is not known. */
  authentication?: DelegatedAuthentication | undefined;
  signingKey: Uint8Array;
  /** Undefined while it is not known: then nothing more than always. */
  routingNeeds?: RoutingNeeds | undefined;
};

/** The configuration in force: the last snapshot, or the state file before the first one. Disposal writes the file. */
export type KnownConfiguration = AsyncDisposable & {
  /** All backends by id, disabled ones too. */
  backends(): ReadonlyMap<string, SnapshotBackend>;
  authentication(): AuthenticationCheck | undefined;
  /** What the routing chain looks at beside what is always sent; undefined before the first snapshot. */
  routingNeeds(): RoutingNeeds | undefined;
  /** Undefined before the first configuration. */
  signingKey(): KeyObject | undefined;
  replace(configuration: Configuration): void;
  /** Resolves when all that is known now, incarnations included, is in the state file, or could not be written. */
  save(): Promise<void>;
  /** All that is known now; undefined before the first configuration. */
  state(): RouterState | undefined;
  /** Incarnations from the state file that may not have been reported to the gatewayserver. */
  readonly restored: readonly Incarnation[];
};

export type KnownConfigurationOptions = {
  /** Where `state()` is kept. */
  keep: (state: () => RouterState | undefined) => StateFile;
  /** Updated with every configuration. */
  ownership: OwnershipTable;
  /** Called when backends or incarnations have changed. */
  onChange?: (() => void) | undefined;
  logger: Logger;
};

/** Begins with the state file, if there is one. */
export function openKnownConfiguration(options: KnownConfigurationOptions): KnownConfiguration {
  const { ownership, logger } = options;
  let backends: ReadonlyMap<string, SnapshotBackend> = new Map();
  let signingKey: KeyObject | undefined;
  let routingNeeds: RoutingNeeds | undefined;
  let delegated: DelegatedAuthentication | undefined;
  let authentication: AuthenticationCheck | undefined;

  const take = (configuration: Configuration) => {
    delegated = configuration.authentication;
    routingNeeds = configuration.routingNeeds;
    authentication = delegated && authenticationCheck(delegated);
    backends = new Map(configuration.backends.map((backend) => [backend.id, backend]));
    signingKey = createSecretKey(configuration.signingKey);
    ownership.replace(configuration.backends, configuration.incarnations);
    options.onChange?.();
  };
  const stateOf = (key: KeyObject): RouterState => ({
    signingKey: key.export(),
    backends: [...backends.values()].map(knownBackendOf),
    sharedIncarnations: ownership.sharedIncarnations(),
    ownIncarnations: ownership.ownIncarnations(),
    authentication: delegated,
  });
  const state = () => signingKey && stateOf(signingKey);
  const file = options.keep(state);
  const saved = file.read();
  if (saved) {
    const { sharedIncarnations: incarnations, ownIncarnations, authentication: rules } = saved;
    const known = saved.backends.map(snapshotBackendOf);
    take({ backends: known, incarnations, signingKey: saved.signingKey, authentication: rules });
    for (const incarnation of ownIncarnations) ownership.restore(incarnation);
    const fields = { backends: known.length };
    logger.info('serving polls from router.state_file until the gatewayserver answers', fields);
  }
  return {
    backends: () => backends,
    authentication: () => authentication,
    routingNeeds: () => routingNeeds,
    signingKey: () => signingKey,
    replace: (configuration) => {
      take({ ...configuration, incarnations: configuration.incarnations.map(plainIncarnation) });
      file.saveSoon();
    },
    save: file.save,
    state,
    restored: saved?.ownIncarnations ?? [],
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

/** Without the other fields of a message, since it is written to the state file. */
const plainIncarnation = ({ suffix, backendId, url, forwardedHeaders, tls }: Incarnation): Incarnation => ({
  suffix,
  backendId,
  url,
  forwardedHeaders,
  ...plainTls(tls),
});

function knownBackendOf({
  id,
  url,
  forwardedHeaders,
  externalUrl,
  forwarding,
  limited,
  coordinatorId,
  tls,
}: SnapshotBackend): KnownBackend {
  return { backendId: id, url, forwardedHeaders, externalUrl, forwarding, limited, coordinatorId, ...plainTls(tls) };
}

function snapshotBackendOf({ backendId, tls, ...settings }: KnownBackend): SnapshotBackend {
  return create(SnapshotBackendSchema, { id: backendId, ...settings, ...(tls && { tls }) });
}
