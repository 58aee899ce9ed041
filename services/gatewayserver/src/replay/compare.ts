/** Where a query went, or would go: a group, or nowhere. */
export type Fate = { groupId: string } | { refused: string; stepId?: string; ruleId?: string };

/** A query of the history, as examples show it. */
export type Shown = { id: string; user: string; source: string; text: string };

/** Queries whose fate changes in the same way. */
export type Change = {
  /** Empty: it was refused. */
  fromGroupId: string;
  count: number;
  examples: Shown[];
};

export type Move = Change & { toGroupId: string };
export type Refusal = Change & { reason: string; stepId: string; ruleId: string };

/** What a draft would change, as far as queries were compared. */
export type Comparison = {
  compared: number;
  unchanged: number;
  /** The most frequent first. */
  moves: Move[];
  refusals: Refusal[];
};

const MOST_KINDS = 2_000;
const SHOWN_CHARACTERS = 200;

export type Comparing = {
  /** @param allowed groups that the draft leads the query to, in its order; empty when it refuses */
  add(query: Shown, before: Fate, after: Fate, allowed: readonly string[]): void;
  result(): Comparison;
};

/** Compares fates, one query after the other. @param mostExamples of each change */
export function createComparing(mostExamples: number): Comparing {
  const moves = new Map<string, Move>();
  const refusals = new Map<string, Refusal>();
  let compared = 0;
  let unchanged = 0;
  return {
    add(query, before, after, allowed) {
      compared++;
      const from = 'groupId' in before ? before.groupId : '';
      if ('refused' in after) {
        if ('refused' in before) unchanged++;
        else
          count(refusals, `${from} ${after.stepId} ${after.ruleId} ${after.refused}`, query, () =>
            refusal(from, after),
          );
      } else if (from !== '' && allowed.includes(from)) unchanged++;
      else count(moves, `${from} ${after.groupId}`, query, () => ({ ...change(from), toGroupId: after.groupId }));
    },
    result: () => ({ compared, unchanged, moves: byCount(moves), refusals: byCount(refusals) }),
  };

  function count<Kind extends Change>(kinds: Map<string, Kind>, key: string, query: Shown, first: () => Kind): void {
    // Messages may hold what differs for each query: beyond this, no new ones are told apart.
    const known = kinds.get(key) ?? (kinds.size < MOST_KINDS ? first() : [...kinds.values()].at(-1));
    if (known === undefined) return;
    if (!kinds.has(key) && kinds.size < MOST_KINDS) kinds.set(key, known);
    known.count++;
    if (known.examples.length < mostExamples)
      known.examples.push({ ...query, text: query.text.slice(0, SHOWN_CHARACTERS).toWellFormed() });
  }
}

function change(fromGroupId: string): Change {
  return { fromGroupId, count: 0, examples: [] };
}

function refusal(from: string, { refused, stepId = '', ruleId = '' }: Extract<Fate, { refused: string }>): Refusal {
  return { ...change(from), reason: refused, stepId, ruleId };
}

function byCount<Kind extends Change>(kinds: Map<string, Kind>): Kind[] {
  return [...kinds.values()].sort((first, second) => second.count - first.count);
}
