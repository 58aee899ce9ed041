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
};

/** How a group was decided. */
export type DecidedGroup = {
  groupId: string;
  decidedBy: string;
  requestSource: string;
  /** The policy that allowed the group, first by id; empty when it is the default group. */
  policyId: string;
  asFallback: boolean;
  /** Of that policy; 0 by default. */
  priority: number;
};

/** What a step of the routing chain thinks of a query. */
export type Opinion = { reason: StepReason } & (
  | {
      kind: 'groups';
      /** At least one, in the order in which they are tried. */
      candidates: readonly Candidate[];
      /** What holds for the query when it goes to this one of them. */
      decided(candidate: Candidate): DecidedGroup;
    }
  /** `why` is part of the sentence that refuses a query when every step abstains. */
  | { kind: 'abstains'; why: string }
  /** No later step is asked. */
  | { kind: 'refuses'; why: string }
);
