export type { GroupDecision, ScalerAction } from './decision.ts';
