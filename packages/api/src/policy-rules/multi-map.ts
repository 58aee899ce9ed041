/** Lists under keys. */
export type MultiMap<Key, Value> = ReadonlyMap<Key, readonly Value[]>;

/** The values under each of their keys, in their order. */
export function multiMap<Key, Value>(
  values: readonly Value[],
  keysOf: (value: Value) => Iterable<Key>,
): MultiMap<Key, Value> {
  const map = new Map<Key, Value[]>();
  for (const value of values)
    for (const key of keysOf(value)) {
      const found = map.get(key);
      if (found) found.push(value);
      else map.set(key, [value]);
    }
  return map;
}
