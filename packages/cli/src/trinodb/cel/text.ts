import { all, atom, type Condition, NEVER, quoted } from './condition.ts';

/** A text of the request. */
export type Text = {
  /** An expression for it, which fails unless `present` holds. */
  cel: string;
  /** When there is one; absent: always. */
  present?: Condition;
  /** A name for the same text that is empty where there is none. */
  orEmpty?: string;
  /** A list whose entries, joined by commas, are the text. */
  entries?: string;
  /** The text was made lower or upper case before it is compared. */
  folded?: 'lower' | 'upper';
};

/** How a text is compared. */
export type Comparison = 'equals' | 'contains' | 'startsWith' | 'endsWith' | 'matches' | 'equalsIgnoreCase';

/** Compares it with a known text; false where there is none. */
export function compared(text: Text, comparison: Comparison, wanted: string): Condition {
  const { cel, present, orEmpty, entries, folded } = text;
  if (folded !== undefined && wanted !== changedCase(wanted, folded)) return NEVER;
  if (folded !== undefined || comparison === 'equalsIgnoreCase')
    return guarded(present, `${cel}.matches(${quoted(foldedPattern(comparison, wanted))})`);
  if (entries !== undefined && comparison === 'contains' && isWithinOneEntry(wanted))
    return atom(`${entries}.exists(t, t.contains(${quoted(wanted)}))`);
  const subject = orEmpty !== undefined && isFalseOfEmpty(comparison, wanted) ? orEmpty : undefined;
  const guard = subject === undefined ? present : undefined;
  switch (comparison) {
    case 'equals':
      return guarded(guard, `${subject ?? cel} == ${quoted(wanted)}`);
    case 'matches':
      return guarded(guard, `${subject ?? cel}.matches(${quoted(`^(?:${wanted})$`)})`);
    default:
      return guarded(guard, `${subject ?? cel}.${comparison}(${quoted(wanted)})`);
  }
}

/** Whether there is one. */
export function isThere({ present }: Text): Condition {
  return present ?? { is: 'constant', value: true };
}

function guarded(present: Condition | undefined, text: string): Condition {
  return present === undefined ? atom(text) : all(present, atom(text));
}

function isFalseOfEmpty(comparison: Comparison, wanted: string): boolean {
  return wanted !== '' && comparison !== 'matches';
}

function isWithinOneEntry(wanted: string): boolean {
  return wanted !== '' && !wanted.includes(',') && wanted === wanted.trim();
}

function foldedPattern(comparison: Comparison, wanted: string): string {
  const pattern = wanted.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const begins = comparison === 'contains' || comparison === 'endsWith' ? '' : '^';
  const ends = comparison === 'contains' || comparison === 'startsWith' ? '' : '$';
  return `(?i)${begins}${pattern}${ends}`;
}

function changedCase(text: string, folded: 'lower' | 'upper'): string {
  return folded === 'lower' ? text.toLowerCase() : text.toUpperCase();
}
