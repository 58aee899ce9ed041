export { decidedGroup, decideGroup } from './decide-group.ts';
export type { GroupDecision, ScalerAction, ScalingChange } from './decision.ts';
export { awaitsSeal, awaitsWarmUp, isReady, shareOf } from './readiness.ts';
