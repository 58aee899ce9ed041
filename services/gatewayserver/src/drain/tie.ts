/** What ties an incarnation, by the names of the contract. */
export type Kind = 'RUNNING' | 'TRANSACTION' | 'UNFETCHED' | 'UNANSWERED' | 'DIRECT' | 'WAITING_HERE' | 'UNKNOWN';

/** One thing that ties it: a query or a transaction by its id, or a sentence; or several that are only counted. */
export type Tie = { kind: Kind; id?: string; text?: string; count?: number };

/** All of one kind. */
export type Remaining = { kind: Kind; count: number; text: string };

const MOST_NAMED = 5;
const ORDER: readonly Kind[] = [
  'RUNNING',
  'TRANSACTION',
  'UNFETCHED',
  'UNANSWERED',
  'DIRECT',
  'WAITING_HERE',
  'UNKNOWN',
];

/** Each kind once, in the order of the contract. */
export function gathered(ties: readonly Tie[]): Remaining[] {
  return ORDER.flatMap((kind): Remaining[] => {
    const found = ties.filter((tie) => tie.kind === kind);
    if (found.length === 0) return [];
    return [{ kind, count: found.reduce((sum, { count = 1 }) => sum + count, 0), text: textOf(found) }];
  });
}

function textOf(ties: readonly Tie[]): string {
  const sentences = new Set(ties.flatMap(({ text }) => (text === undefined ? [] : [text])));
  const ids = ties.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const named = [...ids, ...sentences];
  const more = named.length > MOST_NAMED ? [`and ${named.length - MOST_NAMED} more`] : [];
  return [...named.slice(0, MOST_NAMED), ...more].join('; ');
}
