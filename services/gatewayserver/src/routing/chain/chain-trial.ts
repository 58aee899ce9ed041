import { equals } from '@bufbuild/protobuf';
import { type RoutingChain, type RoutingStep, RoutingStepSchema } from '@trino-gateway/api/gateway';
import type { Problem } from '@trino-gateway/api/validation';
import { kindOf, type StepKinds } from './step-kind.ts';

/**
 * What only trying the steps of a chain shows, one after the other, of those without other problems; fields as in the chain.
 * @param before those of its steps are not tried again
 */
export async function trialProblems(
  kinds: StepKinds,
  { steps }: Pick<RoutingChain, 'steps'>,
  before?: Pick<RoutingChain, 'steps'>,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [at, step] of steps.entries()) {
    if (before?.steps.some((old) => equals(RoutingStepSchema, old, step))) continue;
    const found = kindOf(kinds, step);
    if (!found?.kind.trial || found.kind.problems(found.settings).length > 0) continue;
    const name = nameOf(step);
    for (const { field, message } of await found.kind.trial(found.settings))
      problems.push({ field: `steps[${at}].${name}.${field}`, message });
  }
  return problems;
}

/** Whether the steps of a chain with these problems may be tried: not those of one that is too large. */
export function mayBeTried(problems: readonly Problem[]): boolean {
  return problems.every(({ field }) => field !== 'steps');
}

/** Whether some step of a chain can be tried. */
export function hasTrials(kinds: StepKinds, { steps }: Pick<RoutingChain, 'steps'>): boolean {
  return steps.some((step) => kindOf(kinds, step)?.kind.trial !== undefined);
}

/** The kind of a step as the contract spells it. */
function nameOf({ kind }: RoutingStep): string {
  return RoutingStepSchema.fields.find(({ localName }) => localName === kind.case)?.name ?? 'kind';
}
