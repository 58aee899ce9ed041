/** Answers given to submissions, so that a repeated call gets the same one. */
export type RouteMemory<Answer> = {
  /** The answer this submission was given with the same backends excluded, or a new one. */
  recall(submissionId: string, excludedBackendIds: readonly string[], answer: () => Answer): Answer;
};

const LIFE_MS = 60_000;
const MOST = 10_000;

/** @param now epoch milliseconds */
export function createRouteMemory<Answer>(now: () => number): RouteMemory<Answer> {
  const kept = new Map<string, { answer: Answer; at: number }>();
  return {
    recall(submissionId, excludedBackendIds, answer) {
      const key = [submissionId, ...excludedBackendIds.toSorted()].join(' ');
      const found = kept.get(key);
      if (found && now() - found.at <= LIFE_MS) return found.answer;
      kept.delete(key);
      const given = { answer: answer(), at: now() };
      kept.set(key, given);
      for (const [oldest, { at }] of kept) {
        if (now() - at <= LIFE_MS && kept.size <= MOST) break;
        kept.delete(oldest);
      }
      return given.answer;
    },
  };
}
