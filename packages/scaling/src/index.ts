export { afterJump, type ClockReading, clockJump } from './clock-jump.ts';
export { decidedGroup, decideGroup } from './decide-group.ts';
export type { GroupDecision, ScalerAction, ScalingChange } from './decision.ts';
export { awaitsSeal, awaitsWarmUp, isReady, shareOf } from './readiness.ts';
