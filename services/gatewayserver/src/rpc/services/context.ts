import type { ScalingEvent } from '@trino-gateway/api/gateway';
import type { Logger, ProbeTokens, TlsPools } from '@trino-gateway/runtime';
import type { tlsAgents } from '@trino-gateway/trino/client';
import type { ConfiguredLimits } from '../../admission/configured-limits.ts';
import type { Ledger } from '../../admission/ledger/ledger.ts';
import type { AdmissionMetrics } from '../../admission/metrics.ts';
import type { ConfigurationCache } from '../../configuration/configuration-cache.ts';
import type { Decisions } from '../../decisions/decisions.ts';
import type { LoadCounts } from '../../decisions/load-counts.ts';
import type { Drains } from '../../drain/proving/drains.ts';
import type { UnmatchedReports } from '../../history/unmatched-reports.ts';
import type { DraftChains } from '../../replay/draft-chains.ts';
import type { Store } from '../../storage/contract/store.ts';

/** What the services share; each names the parts it uses. */
export type RpcContext = {
  store: Store;
  configuration: ConfigurationCache;
  live: LoadCounts;
  decisions: Decisions;
  /** Chains that are only tried. */
  drafts: DraftChains;
  ledger: Ledger;
  drains: Pick<Drains, 'status' | 'wait'>;
  limits: ConfiguredLimits;
  admissionMetrics: AdmissionMetrics;
  unmatchedReports: Pick<UnmatchedReports, 'keep'>;
  /** Connections to clusters with TLS settings of their own. */
  clusterPools: Pick<TlsPools<ReturnType<typeof tlsAgents.open>>, 'checked'>;
  /** The tokens of probes that stand in files. */
  probeTokens: ProbeTokens;
  /** Called for a backend that answers with the query ids of another one. */
  onSuffixRefused: (backendId: string) => void;
  /** Called with what autoscaling did, once it is stored. */
  onScalingEvents: (events: readonly ScalingEvent[]) => void;
  /** Signs refusals, links and cookies of routers; the same 32 bytes for the whole suite. */
  signingKey: Uint8Array;
  /** Aborted when the process stops: long polls then answer at once. */
  stopping: AbortSignal;
  logger: Logger;
  /** Epoch milliseconds. */
  now: () => number;
};

/** The tables of the store that a service uses. */
export type Tables<Name extends keyof Store> = { store: Pick<Store, Name> };
