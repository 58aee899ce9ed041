/** One of the five fields: its name in problems, its bounds, and the names some of its values have. */
export type CronField = { name: string; least: number; most: number; names?: readonly string[] };

/** In the order in which they are written. Sunday is 0 and 7. */
export const FIELDS: readonly CronField[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  {
    name: 'month',
    least: 1,
    most: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  { name: 'day of week', least: 0, most: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
];

/**
 * The values a field stands for: a comma list of `*`, a value, or a range, the first and the last with an optional step.
 * Sunday is 0 in the answer.
 * @throws RangeError saying what is wrong with it
 */
export function parseField(text: string, field: CronField): ReadonlySet<number> {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const { from, to, step } = parseItem(item, field);
    for (let value = from; value <= to; value += step) values.add(field.most === 7 ? value % 7 : value);
  }
  return values;
}

function parseItem(item: string, field: CronField): { from: number; to: number; step: number } {
  const [span = '', stepText, ...more] = item.split('/');
  if (more.length > 0) throw wrong(item, 'one step at most');
  if (span === '') throw wrong(item, item === '' ? 'a value on each side of a comma' : '* or a range before the step');
  const isRange = span === '*' || span.includes('-');
  if (stepText !== undefined && !isRange) throw wrong(item, 'a step over * or a range, such as */15 or 10-40/15');
  const step = stepText === undefined ? 1 : wholeNumber(stepText);
  if (step === undefined || step < 1 || step > field.most)
    throw wrong(item, `a step of 1 to ${field.most} after the slash`);
  // Sunday twice would not hurt, but a step must not begin a second week there.
  if (span === '*') return { from: field.least, to: field.most === 7 ? 6 : field.most, step };
  const [first = '', last, ...others] = span.split('-');
  if (others.length > 0) throw wrong(item, 'a range of two values');
  const from = valueIn(first, item, field);
  if (last === undefined) return { from, to: from, step };
  const end = valueIn(last, item, field);
  const to = field.most === 7 && end === 0 && from > 0 && wholeNumber(last) === undefined ? 7 : end;
  if (to < from)
    throw wrong(item, `a range from the smaller to the larger value, or two ranges (${hint(item, field)})`);
  return { from, to, step };
}

function valueIn(text: string, item: string, { least, most, names = [] }: CronField): number {
  const named = names.indexOf(text.toUpperCase());
  const value = named >= 0 ? named + least : wholeNumber(text);
  if (value === undefined || value < least || value > most)
    throw wrong(item, `${least} to ${most}${names.length > 0 ? ` or ${names[0]} to ${names.at(-1)}` : ''}`);
  return value;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}

/** How to write a range that runs over the end. */
function hint(item: string, { least, most }: CronField): string {
  const [from, to] = (item.split('/')[0] ?? '').split('-');
  return `${from}-${most === 7 ? 6 : most},${least}-${to}`;
}

function wrong(item: string, expected: string): RangeError {
  return new RangeError(`expected ${expected}, got "${item.length > 40 ? `${item.slice(0, 40)}…` : item}"`);
}
