import type { AdmissionStore, SealedTextStore } from './admission.ts';
import type { ConditionStore } from './conditions.ts';
import type { ConfigurationStore } from './configuration.ts';
import type { DrainStore } from './drains.ts';
import type { IncarnationStore } from './incarnations.ts';
import type { QueryStore } from './queries.ts';
import type { RevisionStore } from './revisions.ts';
import type { RoutingHitStore } from './routing-hits.ts';
import type { ScalingStore } from './scaling.ts';
import type { DutyStore, SuiteSecretStore } from './suite.ts';
import type { TransactionStore } from './transactions.ts';

/**
 * Everything that is stored, table by table; the promises are the same on every engine. A call ends within a few time
 * limits, with DatabaseUnavailableError when the database does not answer; one that comes back is used again without a
 * restart. No error carries a statement or its values.
 */
export type Store = AsyncDisposable & {
  /** Resolves once the database has answered. */
  ping(): Promise<void>;
  readonly revisions: RevisionStore;
  readonly configuration: ConfigurationStore;
  readonly conditions: ConditionStore;
  readonly incarnations: IncarnationStore;
  readonly transactions: TransactionStore;
  readonly queries: QueryStore;
  readonly admission: AdmissionStore;
  readonly sealedTexts: SealedTextStore;
  readonly suiteSecrets: SuiteSecretStore;
  readonly duties: DutyStore;
  readonly drains: DrainStore;
  readonly routingHits: RoutingHitStore;
  readonly scaling: ScalingStore;
};
