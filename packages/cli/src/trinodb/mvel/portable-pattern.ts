import { UntranslatableError } from './syntax.ts';

/** What Java's regular expressions have and those of rules have not: they are linear in time. */
const NOT_PORTABLE: readonly (readonly [RegExp, string])[] = [
  [/\(\?(?:[=!]|<[=!])/, 'looking around'],
  [/\(\?>|[*+?}]\+/, 'possessive repetition'],
  [/\\[1-9]|\\k</, 'a reference to a group'],
  [/&&/, 'an intersection of classes'],
  [/\\[GRXZhHvV]/, 'an escape of Java alone'],
];

/** The pattern, when it means the same in rules. @throws UntranslatableError */
export function portablePattern(pattern: string): string {
  const found = NOT_PORTABLE.find(([shape]) => shape.test(pattern));
  if (found !== undefined) throw new UntranslatableError(`the pattern ${JSON.stringify(pattern)} uses ${found[1]}`);
  try {
    new RegExp(pattern);
  } catch {
    if (!/\(\?[a-zA-Z-]+[:)]/.test(pattern))
      throw new UntranslatableError(`${JSON.stringify(pattern)} is no regular expression here`);
  }
  return pattern;
}
