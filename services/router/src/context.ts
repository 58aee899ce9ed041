import type { Logger } from '@trino-gateway/runtime';
import type { Activation } from './activation.ts';
import type { AskCluster } from './ask-cluster.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { DataPathConfig } from './data-path-config.ts';
import type { Delegation } from './delegation.ts';
import type { Forwarding } from './forwarding.ts';
import type { GatewayLink } from './gateway-link.ts';
import type { Holds } from './holds.ts';
import type { CheckImpersonation } from './impersonation.ts';
import type { InflationBudget } from './inflation-budget.ts';
import type { CheckClient } from './known-clients.ts';
import type { LiveQueries } from './live-queries.ts';
import type { HandOverResult, SubmissionResult } from './metrics.ts';
import type { MissMemory } from './miss-memory.ts';
import type { Ownership } from './ownership.ts';
import type { RequestLimits } from './request-limits.ts';
import type { Suspects } from './suspects.ts';
import type { Transactions } from './transactions.ts';

/** What the roads of the data path share. */
export type RoadContext = {
  config: DataPathConfig;
  link: GatewayLink;
  ownership: Ownership;
  live: LiveQueries;
  suspects: Suspects;
  misses: MissMemory;
  transactions: Transactions;
  delegation: Delegation;
  forwarding: Forwarding;
  ask: AskCluster;
  activation: Activation;
  holds: Holds;
  limits: RequestLimits;
  bytes: ByteBudget;
  inflation: InflationBudget;
  checkClient: CheckClient;
  checkImpersonation: CheckImpersonation;
  /** Called when a submission has ended: the port it came in by, the chosen group if any, and how. */
  onSubmission: (listeningPort: number, groupId: string, result: SubmissionResult) => void;
  /** Called when a poll of a waiting statement was answered that it still waits. */
  onQueuedPage: () => void;
  /** Called with what came of giving a statement that had waited to a cluster. */
  onHandOver: (groupId: string, result: HandOverResult) => void;
  /** Called when a backend claims query ids or a transaction of another one. */
  onContradiction: (backendId: string) => void;
  /** An id of our own, for a statement that never reaches a cluster. */
  temporaryId: (nowMs: number) => string;
  /** Epoch milliseconds. */
  now: () => number;
  /** How long to wait before each repetition of a poll that its coordinator did not answer. */
  pollRetryDelaysMs: readonly number[];
  logger: Logger;
};
