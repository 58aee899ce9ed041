/** The given/when/then cases of the protocol are numbered from 1 to this. */
export const LAST_CASE = 116;

/** The numbers that a title begins with: `case 18, 19: …`. */
export function caseNumbers(title: string): number[] {
  const [, numbers = ''] = /^case (\d+(?:, \d+)*): \S/.exec(title) ?? [];
  return numbers === '' ? [] : numbers.split(', ').map(Number);
}

/** The numbers in the titles of a source file: whatever text in quotes begins as such a title does. */
export function caseNumbersInSource(source: string): number[] {
  return [...source.matchAll(/['"`](case [^'"`\n]+)/g)].flatMap(([, title = '']) => caseNumbers(title));
}
