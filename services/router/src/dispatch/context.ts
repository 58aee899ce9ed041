import type { Logger } from '@trino-gateway/runtime';
import type { Delegation } from '../auth/delegation.ts';
import type { AskCluster } from '../clusters/ask.ts';
import type { CheckImpersonation } from '../clusters/impersonation.ts';
import type { Forwarding } from '../clusters/link-mode.ts';
import type { Suspects } from '../clusters/passive-health.ts';
import type { CheckClient } from '../clusters/verify-client.ts';
import type { GatewayLink } from '../control-plane/gateway-client.ts';
import type { LiveQueries } from '../control-plane/live-queries.ts';
import type { ByteBudget } from '../limits/byte-budget.ts';
import type { Holds } from '../limits/held-polls.ts';
import type { InflationBudget } from '../limits/inflation-budget.ts';
import type { RequestLimits } from '../limits/request-limits.ts';
import type { Ownership } from '../stickiness/ownership.ts';
import type { Transactions } from '../stickiness/transactions.ts';
import type { UnknownLinks } from '../stickiness/unknown-links.ts';
import type { Activation } from './activated-leases.ts';
import type { DataPathConfig } from './config.ts';
import type { AssignResult, SubmissionResult } from './results.ts';

/** What the roads of the data path share. */
export type RoadContext = {
  config: DataPathConfig;
  link: GatewayLink;
  ownership: Ownership;
  live: LiveQueries;
  suspects: Suspects;
  misses: UnknownLinks;
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
  onHandOver: (groupId: string, result: AssignResult) => void;
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
