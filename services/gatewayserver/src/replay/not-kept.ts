import type { RoutingChain } from '@trino-gateway/api/gateway';
import { kindOf, type StepKinds } from '../routing/chain/step-kind.ts';

/** What the steps of a chain look at and history does not keep, each as a sentence. */
export function notKept({ steps }: RoutingChain, kinds: StepKinds): string[] {
  const enabled = steps.filter((step) => step.enabled !== false);
  const sentences = enabled.flatMap((step) => {
    const found = kindOf(kinds, step);
    return (found?.kind.notKept?.(found.settings) ?? []).map((what) => `step ${step.id}: ${what}`);
  });
  return [...new Set(sentences)];
}
