import { Reason_Outcome } from '@trino-gateway/api/gateway';
import { withCarriedEffects } from './carried-effects.ts';
import { defaultGroupOpinion } from './default-group.ts';
import { withKnownGroups } from './known-groups.ts';
import type { Opinion, QueryEffects, StepReason } from './opinion.ts';
import { type Asker, type PassedOver, passOver } from './pass-over.ts';
import type { ChainStep, CompiledChain } from './routing-chain.ts';
import type { ChainSnapshot } from './step-kind.ts';

/** What a step, or one of its rules, did for one query: to be counted. */
export type StepHit = {
  stepId: string;
  /** Empty: of the step itself. */
  ruleId: string;
  did: 'decided' | 'abstained' | 'refused' | 'failed' | 'observed';
};

/** What the steps of a chain said of a query so far. */
export type ChainProgress = {
  readonly reasons: StepReason[];
  readonly hits: StepHit[];
  /** Of steps and rules that decide no group themselves; the first that says something holds. */
  effects: QueryEffects;
  readonly abstentions: string[];
  /** Groups that whoever asks may not use. */
  readonly passedOver: PassedOver[];
};

/** Who asks, and whom groups let in. */
export type Access = { asker: Asker; snapshot: Pick<ChainSnapshot, 'whyNoGroup' | 'whyNotAllowed'> };

/** Which step decided, and by which of its rules; absent where none did. */
export type DecidingStep = { stepId?: string; ruleId?: string };

/** An opinion, and what is said of the groups that it lost. */
type Allowed = { opinion: Opinion; reasons: StepReason[] };

/** What the chain says of a query: the first opinion, or why there is none. */
export type ChainAnswer = Pick<ChainProgress, 'reasons' | 'hits' | 'passedOver'> &
  (
    | Pick<Extract<Opinion, { kind: 'groups' }>, 'kind' | 'candidates' | 'decided'>
    | ({ kind: 'refuses'; message: string } & DecidingStep)
  );

export function beginning(): ChainProgress {
  return { reasons: [], hits: [], effects: {}, abstentions: [], passedOver: [] };
}

/** Takes what a step said. @returns the answer, when this decides */
export function hear(progress: ChainProgress, step: ChainStep, said: Opinion, access: Access): ChainAnswer | undefined {
  const known = withKnownGroups(withCarriedEffects(said), access.snapshot.whyNoGroup);
  const { opinion, reasons } = step.observes
    ? { opinion: known, reasons: [] }
    : withoutPassedOver(progress, known, access);
  const by = decidingStep(step, opinion);
  for (const { ruleId, wouldHave, failed } of opinion.matched ?? []) {
    const observed = wouldHave !== undefined || step.observes;
    const matched = observed ? 'observed' : ruleId === by.ruleId ? hitOf(opinion) : 'abstained';
    const did = failed ? 'failed' : matched;
    progress.hits.push({ stepId: step.id, ruleId, did });
    if (wouldHave !== undefined)
      progress.reasons.push({ step: step.id, outcome: Reason_Outcome.OBSERVED, text: `rule ${ruleId}: ${wouldHave}` });
  }
  if (step.observes) {
    const text = `would have said: ${opinion.reason.text}`;
    const outcome = opinion.kind === 'abstains' ? Reason_Outcome.ABSTAINED : Reason_Outcome.OBSERVED;
    progress.reasons.push({ step: step.id, outcome, text: opinion.kind === 'abstains' ? opinion.reason.text : text });
    progress.hits.push({ stepId: step.id, ruleId: '', did: opinion.kind === 'abstains' ? 'abstained' : 'observed' });
    return undefined;
  }
  progress.reasons.push(opinion.reason, ...reasons);
  progress.hits.push({ stepId: step.id, ruleId: '', did: hitOf(opinion) });
  if (opinion.effects) progress.effects = merged(progress.effects, opinion.effects);
  return answerOf(progress, opinion, by);
}

/**
 * The opinion with the groups that whoever asks may use. With none left it is no opinion; where no other group may take the query, it
 * refuses.
 */
function withoutPassedOver(progress: ChainProgress, opinion: Opinion, { asker, snapshot }: Access): Allowed {
  if (opinion.kind !== 'groups') return { opinion, reasons: [] };
  const { candidates, isLast, decided, reason, matched, effects } = opinion;
  const { left, reasons, passedOver } = passOver(candidates, asker, snapshot.whyNotAllowed);
  const [first] = candidates;
  if (passedOver.length === 0 || !first) return { opinion, reasons: [] };
  progress.passedOver.push(...passedOver);
  if (left.length > 0) return { opinion: { ...opinion, candidates: left }, reasons };
  const why = passedOver.map(({ text }) => text).join(', and ');
  const kind = isLast === true || decided(first).strict === true ? 'refuses' : 'abstains';
  const outcome = kind === 'refuses' ? Reason_Outcome.REFUSED : Reason_Outcome.ABSTAINED;
  const said = { ...reason, outcome, text: `${reason.text}; ${why}` };
  return {
    opinion: { kind, reason: said, why, ...(matched && { matched }), ...(effects && { effects }) },
    reasons: [],
  };
}

function decidingStep({ id }: ChainStep, { matched = [] }: Opinion): DecidingStep {
  const ruleId = matched.findLast(({ wouldHave, failed }) => wouldHave === undefined && !failed)?.ruleId;
  return { stepId: id, ...(ruleId !== undefined && { ruleId }) };
}

/** A step that failed is no opinion, unless it is to refuse then. */
export function hearFailure(progress: ChainProgress, step: ChainStep, why: string): ChainAnswer | undefined {
  progress.reasons.push({ step: step.id, outcome: Reason_Outcome.FAILED, text: why });
  progress.hits.push({ stepId: step.id, ruleId: '', did: 'failed' });
  if (!step.refusesOnFailure || step.observes) {
    progress.abstentions.push(`step ${step.id} failed`);
    return undefined;
  }
  const { reasons, hits, passedOver } = progress;
  const message = `The routing step ${step.id} of this gateway failed: try again, or tell its administrators`;
  return { kind: 'refuses', reasons, hits, passedOver, message, stepId: step.id };
}

/** What holds when no step has an opinion. */
export function conclude(
  progress: ChainProgress,
  { fallbackGroupId }: Pick<CompiledChain, 'fallbackGroupId'>,
  defaultGroupId: string | undefined,
  { asker, snapshot }: Access,
): ChainAnswer {
  const said = defaultGroupOpinion(fallbackGroupId, defaultGroupId, snapshot.whyNoGroup);
  const { opinion, reasons: tried } = withoutPassedOver(progress, said, { asker, snapshot });
  progress.reasons.push(opinion.reason, ...tried);
  const answer = answerOf(progress, opinion, {});
  if (answer) return answer;
  const { reasons, hits, passedOver, abstentions } = progress;
  return { kind: 'refuses', reasons, hits, passedOver, message: rejection(abstentions.join(', and ')) };
}

function answerOf(progress: ChainProgress, opinion: Opinion, by: DecidingStep): ChainAnswer | undefined {
  const { reasons, hits, passedOver, effects } = progress;
  switch (opinion.kind) {
    case 'groups': {
      const { kind, candidates, decided } = opinion;
      const decidedWith = Object.keys(effects).length === 0 ? decided : withEffects(decided, effects);
      return { kind, candidates, decided: decidedWith, reasons, hits, passedOver };
    }
    case 'refuses':
      return { kind: 'refuses', reasons, hits, passedOver, message: opinion.message ?? rejection(opinion.why), ...by };
    case 'abstains':
      progress.abstentions.push(opinion.why);
      return undefined;
  }
}

function rejection(why: string): string {
  return `${why}: ask the administrators of this gateway for a policy`;
}

function withEffects(
  decided: Extract<Opinion, { kind: 'groups' }>['decided'],
  effects: QueryEffects,
): Extract<Opinion, { kind: 'groups' }>['decided'] {
  return (candidate) => {
    const own = decided(candidate);
    return { ...own, ...merged(own, effects) };
  };
}

/** Both; of single values those of the first. */
export function merged(first: QueryEffects, second: QueryEffects): QueryEffects {
  const tags = [...new Set([...(first.addClientTags ?? []), ...(second.addClientTags ?? [])])];
  const requestSource = first.requestSource || second.requestSource;
  const priority = first.priority || second.priority;
  return {
    ...(priority && { priority }),
    ...(requestSource && { requestSource }),
    ...(tags.length > 0 && { addClientTags: tags }),
    ...((first.sessionProperties ?? second.sessionProperties) && {
      sessionProperties: { ...second.sessionProperties, ...first.sessionProperties },
    }),
    ...((first.setHeaders ?? second.setHeaders) && { setHeaders: { ...second.setHeaders, ...first.setHeaders } }),
    ...((first.strict || second.strict) && { strict: true }),
  };
}

function hitOf({ kind }: Opinion): StepHit['did'] {
  return kind === 'groups' ? 'decided' : kind === 'refuses' ? 'refused' : 'abstained';
}
