const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * The milliseconds that the client of a poll asks to be held for at most (`?maxWait=500ms`, a Duration of Trino's); undefined
 * where it asks for nothing, or for something that is none.
 */
export function maxWaitMs(target: string): number | undefined {
  const query = target.indexOf('?');
  if (query < 0) return undefined;
  const asked = new URLSearchParams(target.slice(query)).get('maxWait') ?? '';
  const [, amount = '', unit = ''] = /^\s*(\d{1,15}(?:\.\d{1,15})?)\s*([a-z]{1,2})\s*$/.exec(asked) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return factor === undefined ? undefined : Number(amount) * factor;
}
