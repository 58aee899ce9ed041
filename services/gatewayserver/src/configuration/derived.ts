import { createHash } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import type { DelegatedAuthentication } from '@trino-gateway/api/authentication';
import { BackendSchema } from '@trino-gateway/api/gateway';
import { type ChainCompiler, type CompiledChain, createChainCompiler } from '../routing/chain/routing-chain.ts';
import type { StepTools } from '../routing/chain/step-tools.ts';
import { type IndexedConfiguration, indexConfiguration } from '../routing/indexed-configuration.ts';
import { createSnapshot, type Snapshot } from '../routing/snapshot.ts';
import { stepKinds } from '../routing/steps/registry.ts';
import type { StoredBackend } from '../storage/contract/configuration.ts';
import { type SuffixHolder, suffixHolders } from './coordinator-suffixes.ts';
import type { Known, Part } from './known.ts';
import { limitedBackends } from './limited-backends.ts';
import { doubtedBackendIds, isDoubtedAt, monitorBackend } from './monitor-backend.ts';
import { routerBackend } from './router-backend.ts';

/** What follows from the stored configuration; computed when it is first asked for, the chain at once, and kept until that changes. */
export type Derived = {
  /** For decisions; the same object until something changes. */
  snapshot(): Snapshot;
  /** The routing chain in force. */
  chain(): CompiledChain;
  /** The suffixes of query ids that belong to a backend. */
  suffixHolders(): ReadonlyMap<string, SuffixHolder>;
  /** Whether queries of this backend may hold leases. */
  isLimited(backendId: string): boolean;
  /** Equal on all replicas as long as the backends are, and what the monitor gets of their conditions. */
  backendsRevision(): string;
  /** Equal on all replicas as long as what routers need is. */
  routersRevision(): string;
  /** Where requests must pass delegated authentication; part of what routers need. */
  delegated(): DelegatedAuthentication;
};

/** @returns it, what is to be called after parts have changed, and what is to be disposed of in the end */
export function createDerived(
  known: Known,
  loadMaxAgeMs: number,
  stepTools: StepTools,
): { derived: Derived; invalidate(parts: ReadonlySet<Part>): void; chains: ChainCompiler } {
  const chains = createChainCompiler(stepKinds, stepTools);
  let chain = chains.compile(known.routingChain);
  let indexed: IndexedConfiguration | undefined;
  let snapshot: Snapshot | undefined;
  let limited: ReadonlySet<string> | undefined;
  let suffixes: ReadonlyMap<string, SuffixHolder> | undefined;
  let revisions: { backends?: string; routers?: string } = {};
  let seen = '';
  const index = () => {
    indexed ??= indexConfiguration(known);
    return indexed;
  };
  const derived: Derived = {
    snapshot() {
      snapshot ??= createSnapshot(index(), known, loadMaxAgeMs);
      return snapshot;
    },
    chain: () => chain,
    suffixHolders() {
      suffixes ??= suffixHolders(known);
      return suffixes;
    },
    isLimited(backendId) {
      limited ??= limitedBackends(known.backends, known.groups);
      return limited.has(backendId);
    },
    backendsRevision() {
      revisions.backends ??= backendsRevision(known);
      return revisions.backends;
    },
    routersRevision() {
      revisions.routers ??= routersRevision(known, derived);
      return revisions.routers;
    },
    delegated: () => index().delegated,
  };
  const invalidate = (parts: ReadonlySet<Part>) => {
    if (parts.has('configuration')) {
      indexed = undefined;
      // At once: what steps keep running has started when the first query comes.
      chain = chains.compile(known.routingChain);
      limited = undefined;
    }
    snapshot = undefined;
    // Conditions change all the time; what routers and monitor get of them hardly ever does.
    const before = seen;
    if (parts.has('conditions')) seen = conditionsSeen(known);
    if (['configuration', 'incarnations', 'drains'].some((part) => parts.has(part as Part)) || seen !== before) {
      suffixes = undefined;
      revisions = {};
    }
  };
  return { derived, invalidate, chains };
}

function conditionsSeen(known: Known): string {
  const { statuses, clusterScaling } = known;
  let all = `${doubtedBackendIds(known)}\n${[...known.connections.keys()].filter((id) => isDoubtedAt(known, id))}\n`;
  for (const { backendId, coordinatorId } of statuses.values()) all += `${backendId} ${coordinatorId}\n`;
  for (const { cluster } of clusterScaling.values()) all += `${cluster.backendId} ${cluster.state}\n`;
  return all;
}

function backendsRevision(known: Known): string {
  const backends = [...known.backends.values()].sort(byBackendId);
  return digest(backends.map((stored) => toBinary(BackendSchema, monitorBackend(stored, known))));
}

function routersRevision(known: Known, derived: Derived): string {
  const { backends, incarnations, drainsRevision } = known;
  return digest([
    String(drainsRevision),
    doubtedBackendIds(known).join(' '),
    ...[...backends.values()]
      .sort(byBackendId)
      .map(({ backend }) => JSON.stringify(routerBackend(backend, derived.isLimited(backend.id)))),
    JSON.stringify(derived.delegated()),
    JSON.stringify(derived.chain().needs),
    ...incarnations
      .map(({ suffix, backendId, url, forwardedHeaders, tls }) =>
        JSON.stringify([suffix, backendId, url, forwardedHeaders, tls]),
      )
      .sort(),
    ...[...derived.suffixHolders()].map(([suffix, { url }]) => JSON.stringify([suffix, url])).sort(),
  ]);
}

function byBackendId(a: StoredBackend, b: StoredBackend): number {
  return a.backend.id < b.backend.id ? -1 : 1;
}

function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\n');
  return hash.digest('hex').slice(0, 32);
}
