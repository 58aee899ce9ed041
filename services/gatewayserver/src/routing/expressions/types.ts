/** The type of an expression. `nothing` is that of the elements of an empty list: it fits everywhere. Keys of maps are strings. */
export type Type =
  | 'bool'
  | 'int'
  | 'double'
  | 'string'
  | 'timestamp'
  | 'duration'
  | 'nothing'
  | { list: Type }
  | { map: Type };

/** As the documentation writes it. */
export function typeName(type: Type): string {
  if (typeof type === 'string') return type;
  if ('list' in type && type.list === 'nothing') return 'list';
  if ('map' in type && type.map === 'nothing') return 'map';
  return 'list' in type ? `list(${typeName(type.list)})` : `map(string, ${typeName(type.map)})`;
}

export function isNumber(type: Type): boolean {
  return type === 'int' || type === 'double';
}

/** The type that holds values of both; undefined when there is none. */
export function common(a: Type, b: Type): Type | undefined {
  if (a === b || b === 'nothing') return a;
  if (a === 'nothing') return b;
  if (typeof a === 'string' || typeof b === 'string') return undefined;
  if ('list' in a && 'list' in b) {
    const list = common(a.list, b.list);
    return list && { list };
  }
  if ('map' in a && 'map' in b) {
    const map = common(a.map, b.map);
    return map && { map };
  }
  return undefined;
}

/** Whether two values of comparable types are equal. Numbers, times and durations are JavaScript numbers. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((element, at) => sameValue(element, b[at]));
  if (a instanceof Map && b instanceof Map)
    return a.size === b.size && a.entries().every(([key, value]) => b.has(key) && sameValue(value, b.get(key)));
  return false;
}
