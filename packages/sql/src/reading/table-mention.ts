import type { Reading } from './reading.ts';

/** Reads the name of a table, a view or a query of WITH. */
export function tableMention(reading: Reading): void {
  const name = reading.name();
  const [last = ''] = name.slice(-1);
  reading.columns?.qualifiers.add(last);
  if (name.length === 1 && reading.scopes.has(last)) return;
  reading.found('table', name);
}
