import type { Logger } from '@trino-gateway/runtime';
import type { ConfiguredLimits } from '../../admission/configured-limits.ts';
import type { Ledger } from '../../admission/ledger/ledger.ts';
import type { AdmissionMetrics } from '../../admission/metrics.ts';
import type { ConfigurationCache } from '../../configuration/configuration-cache.ts';
import type { Decisions } from '../../decisions/decisions.ts';
import type { LoadCounts } from '../../decisions/load-counts.ts';
import type { ReportsAhead } from '../../history/reports-ahead.ts';
import type { Store } from '../../storage/contract/store.ts';

/** What the services are made of; each names the parts it uses. */
export type RpcContext = {
  store: Store;
  configuration: ConfigurationCache;
  live: LoadCounts;
  decisions: Decisions;
  ledger: Ledger;
  limits: ConfiguredLimits;
  admissionMetrics: AdmissionMetrics;
  reportsAhead: Pick<ReportsAhead, 'keep'>;
  /** Told of a backend that came with the query ids of another one. */
  onSuffixRefused: (backendId: string) => void;
  /** The same 32 bytes for the whole suite. */
  refusalKey: Uint8Array;
  /** Aborted when the process stops: held calls then answer at once. */
  stopping: AbortSignal;
  logger: Logger;
  /** Epoch milliseconds. */
  now: () => number;
};
