import type { Policy } from '../gen/trinogateway/v1/gateway_pb.ts';
import { multiMap } from './multi-map.ts';
import type { RuledPolicy } from './policy-rule-kind.ts';

/** For rules that name one value each: the summary of all policies of a value, computed once. */
export function lookUpByKey<Value, Key, Summary>(
  policies: readonly RuledPolicy<Value>[],
  keyOf: (value: Value) => Key,
  summarize: (matching: readonly Policy[]) => Summary,
): ReadonlyMap<Key, Summary> {
  const byKey = multiMap(policies, ({ value }) => [keyOf(value)]);
  return new Map(byKey.entries().map(([key, found]) => [key, summarize(found.map(({ policy }) => policy))]));
}
