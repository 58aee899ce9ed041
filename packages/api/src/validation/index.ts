export { isId, type Problem } from '../problem.ts';
export { sharedClusterProblems } from './autoscaling.ts';
export { backendProblems, tlsProblems } from './backend.ts';
export { groupProblems } from './group.ts';
export { policyProblems } from './policy.ts';
export {
  type ChainChecks,
  chainProblems,
  chainShape,
  type Named,
  placeInChain,
  type StepProblems,
} from './routing-chain.ts';
export { scalerTarget } from './scaler.ts';
export { sharedTargetProblems } from './scaler-target.ts';
