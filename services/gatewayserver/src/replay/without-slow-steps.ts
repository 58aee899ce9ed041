import type { RoutingChain } from '@trino-gateway/api/gateway';
import { abstains } from '../routing/chain/opinions.ts';
import type { ChainStep, CompiledChain } from '../routing/chain/routing-chain.ts';
import { kindOf, type StepKinds } from '../routing/chain/step-kind.ts';

/** The steps of a chain that run code of the operator's or ask something outside of this process, if they are enabled. */
export function slowStepIds({ steps }: RoutingChain, kinds: StepKinds): string[] {
  return steps
    .filter((step) => step.enabled !== false && kindOf(kinds, step)?.kind.isSlow === true)
    .map(({ id }) => id);
}

/** The chain without these steps, to be compiled. */
export function withoutSteps(chain: RoutingChain, ids: readonly string[]): RoutingChain {
  return { ...chain, steps: chain.steps.filter(({ id }) => !ids.includes(id)) };
}

/** A compiled chain in whose place some steps of the whole one abstain instead of being asked. */
export function withAbstaining(
  compiled: CompiledChain,
  whole: RoutingChain,
  ids: readonly string[],
  onReached: (stepId: string) => void,
): CompiledChain {
  if (ids.length === 0) return compiled;
  const byId = new Map(compiled.steps.map((step) => [step.id, step]));
  const abstaining = (id: string): ChainStep => ({
    id,
    refusesOnFailure: false,
    observes: false,
    ask: () => {
      onReached(id);
      return abstains(id, 'not asked');
    },
  });
  const steps = whole.steps.flatMap(({ id }) => (ids.includes(id) ? [abstaining(id)] : (byId.get(id) ?? [])));
  return { ...compiled, steps };
}
