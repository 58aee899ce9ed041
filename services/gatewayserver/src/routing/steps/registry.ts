import type { StepKind, StepKinds, StepName, StepSettings } from '../chain/step-kind.ts';
import { clientTagsStep } from './client-tags/client-tags.ts';
import { explainCostStep } from './explain-cost/explain-cost.ts';
import { externalStep } from './external/external.ts';
import { policiesStep } from './policies/policies-step.ts';
import { routingGroupHeaderStep } from './routing-group-header/routing-group-header.ts';
import { rulesStep } from './rules/rules-step.ts';
import { scriptStep } from './script/script-step.ts';

/** All kinds of steps, one line each. */
const kinds: { [Name in StepName]?: StepKind<StepSettings<Name>> } = {
  routingGroupHeader: routingGroupHeaderStep,
  clientTags: clientTagsStep,
  policies: policiesStep,
  explainCost: explainCostStep,
  external: externalStep,
  rules: rulesStep,
  script: scriptStep,
};

export const stepKinds: StepKinds = kinds;
