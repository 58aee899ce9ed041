import type { Backend } from '../gen/trinogateway/v1/gateway_pb.ts';
import type { Problem } from '../problem.ts';
import { scalerTarget } from './scaler.ts';

/** Problems of a backend whose scaler starts and stops what another one's does: both would be told different things. */
export function sharedTargetProblems(backend: Backend, others: readonly Backend[]): Problem[] {
  const target = scalerTarget(backend);
  if (target === undefined) return [];
  const same = others.find((other) => other.id !== backend.id && scalerTarget(other) === target);
  if (!same) return [];
  return [{ field: 'scaler', message: `expected what no other backend is scaled by, got that of "${same.id}"` }];
}
