/** Answers given to submissions, so that a repeated call gets the same one. */
export type AnsweredRoutes<Answer> = {
  /** The answer this submission was given with the same backends excluded, or a new one. */
  recall(submissionId: string, excludedBackendIds: readonly string[], answer: () => Answer): Answer;
};

const REMEMBERED_MS = 60_000;
/** So many are remembered at least, and twice as many at most. */
const LEAST = 10_000;

type Given<Answer> = { answer: Answer; at: number };

/** @param now epoch milliseconds */
export function createAnsweredRoutes<Answer>(now: () => number): AnsweredRoutes<Answer> {
  // Two generations, of which the older is dropped whole: taking single entries from the front of a map costs more and more.
  let fresh = new Map<string, Given<Answer>>();
  let older = new Map<string, Given<Answer>>();
  let freshSince = now();
  return {
    recall(submissionId, excludedBackendIds, answer) {
      const key = keyOf(submissionId, excludedBackendIds);
      const at = now();
      const found = fresh.get(key) ?? older.get(key);
      if (found && at - found.at <= REMEMBERED_MS) return found.answer;
      if (fresh.size >= LEAST || at - freshSince > REMEMBERED_MS) {
        older = fresh;
        fresh = new Map();
        freshSince = at;
      }
      const given = { answer: answer(), at };
      fresh.set(key, given);
      return given.answer;
    },
  };
}

function keyOf(submissionId: string, excludedBackendIds: readonly string[]): string {
  if (excludedBackendIds.length === 0) return submissionId;
  return [submissionId, ...excludedBackendIds.toSorted()].join(' ');
}
