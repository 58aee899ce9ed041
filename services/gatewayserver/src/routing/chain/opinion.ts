import type { Reason_Outcome } from '@trino-gateway/api/gateway';

/** What one step said, for those who ask why. */
export type StepReason = { step: string; outcome: Reason_Outcome; text: string };

/** A group that a query may go to. */
export type Candidate = {
  groupId: string;
  /** What reasons call the step that tries it. */
  step: string;
  /** It counts only when no other group has a backend. */
  asFallback: boolean;
  /** This backend and no other. */
  backendId?: string;
  /** It is the spill-over group of this one. */
  spillsOverFrom?: Candidate;
};

/** What a decision says of a query besides its group. */
export type QueryEffects = {
  /** Absent: 0. */
  priority?: number;
  /** Goes to the cluster as X-Trino-Source; absent or empty leaves the client's. */
  requestSource?: string;
  addClientTags?: readonly string[];
  sessionProperties?: Readonly<Record<string, string>>;
  /** Request headers that replace the client's of the same name. */
  setHeaders?: Readonly<Record<string, string>>;
  /** No fallback and no spill-over. */
  strict?: boolean;
};

/** How a group was decided. */
export type DecidedGroup = QueryEffects & {
  groupId: string;
  /** This backend of the group and no other. */
  pinnedBackendId?: string;
  decidedBy: string;
  priority: number;
  requestSource: string;
  /** The policy that allowed the group, first by id; empty when no policy decided. */
  policyId: string;
  /** The step of the chain that decided, and its rule; absent for the default group. */
  stepId?: string;
  ruleId?: string;
  asFallback: boolean;
  /** The group that was decided, when the query has gone on from it to its spill-over group. */
  spilledOverFrom?: string;
  /** What the strategy AFFINITY of the group goes by, where that is not the user. */
  affinityHash?: number;
};

/** A rule of a step that matched, or failed. */
export type RuleMatch = {
  ruleId: string;
  /** It only observes: what it would have done. */
  wouldHave?: string;
  /** It could not be evaluated, and so has not matched. */
  failed?: true;
};

/** What a step of the routing chain thinks of a query. */
export type Opinion = {
  reason: StepReason;
  /** The rules that matched or failed, in their order; the last that neither failed nor only observes has decided. */
  matched?: readonly RuleMatch[];
  /** Added to the decision, whichever step makes it. */
  effects?: QueryEffects;
} & (
  | {
      kind: 'groups';
      /** At least one, in the order in which they are tried. */
      candidates: readonly Candidate[];
      /** When the query may use none of them, no later step is asked, and it is refused. */
      isLast?: true;
      /** What holds for the query when it goes to this one of them. */
      decided(candidate: Candidate): DecidedGroup;
    }
  /** `why` is part of the sentence that refuses a query when every step abstains. */
  | { kind: 'abstains'; why: string }
  /** No later step is asked. `why` is the clause that says so to the client; `message` stands for itself. */
  | { kind: 'refuses'; why: string; message?: string }
);
