import { Reason_Outcome } from '@trino-gateway/api/gateway';
import type { RuleRequest } from '@trino-gateway/api/policy-rules';
import { querySource } from '@trino-gateway/trino';
import type { Candidate, StepReason } from './opinion.ts';

/** Who asks for a group, as far as it may say who may use it. */
export type Asker = {
  /** As whom Trino would run the query. */
  user: string;
  /** As the client sends it; empty when it does not. Only some groups ask. */
  source(): string;
};

/** Why somebody may not use a group. */
export type WhyNotAllowed = {
  /** A sentence for operators and for clients. */
  text: string;
  /** The group only tells that: they may. */
  observed: boolean;
};

/** Whom a group passed over, or would have. */
export type PassedOver = WhyNotAllowed & { groupId: string };

/** Says of every group that everybody may use it. */
export const everybodyMay = (): undefined => undefined;

/** The candidates that whoever asks may use, and what is said of the others. */
export function passOver(
  candidates: readonly Candidate[],
  asker: Asker,
  whyNotAllowed: (groupId: string, asker: Asker) => WhyNotAllowed | undefined,
): { left: readonly Candidate[]; reasons: StepReason[]; passedOver: PassedOver[] } {
  if (whyNotAllowed === everybodyMay) return { left: candidates, reasons: [], passedOver: [] };
  const reasons: StepReason[] = [];
  const passedOver: PassedOver[] = [];
  const left = candidates.filter(({ groupId, step }) => {
    const why = whyNotAllowed(groupId, asker);
    if (!why) return true;
    const { text, observed } = why;
    passedOver.push({ ...why, groupId });
    const outcome = observed ? Reason_Outcome.OBSERVED : Reason_Outcome.ABSTAINED;
    reasons.push({ step, outcome, text: observed ? `${text}, and would be passed over` : text });
    return observed;
  });
  return { left, reasons, passedOver };
}

/** Who asks, by what a client sent. */
export function askerOf({ user, rawHeaders }: { user: string } & Pick<RuleRequest, 'rawHeaders'>): Asker {
  return { user, source: () => querySource(rawHeaders) ?? '' };
}
