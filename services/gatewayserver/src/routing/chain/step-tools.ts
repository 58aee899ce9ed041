import type { Backend, Backend_Tls } from '@trino-gateway/api/gateway';

/** Headers as they are sent: of repeated ones, one value per line. */
export type SentHeaders = Readonly<Record<string, string | readonly string[]>>;

/** A statement whose plan is asked for. */
export type ExplainQuestion = {
  backend: Pick<Backend, 'url' | 'tls' | 'forwardedHeaders'>;
  statement: string;
  /** The client's session, with the credentials of whoever explains. */
  headers: SentHeaders;
  signal: AbortSignal;
  timeLimitMs: number;
};

/** What a cluster says of a statement: its plan in JSON, or Trino's own error. */
export type Explanation = { kind: 'plan'; text: string } | { kind: 'error'; errorName: string; errorType: string };

/** A question to a service of the operator's own. */
export type ServiceQuestion = {
  url: string;
  tls: Backend_Tls | undefined;
  headers: SentHeaders;
  /** JSON. */
  body: string;
  signal: AbortSignal;
};

/** What such a service answered, whatever its status; redirects are not followed. */
export type ServiceAnswer = { status: number; contentType: string; text: string };

/** How a question of a step ended; `cached` when it was not asked again. */
export type QuestionResult = 'answered' | 'failed' | 'late' | 'cached' | 'passed over';

/** What steps get that ask something outside of this process. */
export type StepTools = {
  /** Rejects when the cluster does not answer as Trino does; what it began there is cancelled. */
  explain(question: ExplainQuestion): Promise<Explanation>;
  /** Rejects when no whole answer of a sensible size comes. */
  askService(question: ServiceQuestion): Promise<ServiceAnswer>;
  countQuestion(step: string, result: QuestionResult, durationMs: number): void;
  /** Whether the circuit breaker of a step is open now. Called whenever that changes. */
  showBreaker(step: string, isOpen: boolean): void;
};
