/** Answers given to submissions, so that a repeated call gets the same one. */
export type AnsweredRoutes<Answer> = {
  /** The answer this submission was given with the same backends excluded, or a new one. */
  recall(submissionId: string, excludedBackendIds: readonly string[], answer: () => Answer): Answer;
};

const REMEMBERED_MS = 60_000;
const MOST = 10_000;

/** @param now epoch milliseconds */
export function createAnsweredRoutes<Answer>(now: () => number): AnsweredRoutes<Answer> {
  const kept = new Map<string, { answer: Answer; at: number }>(); // in the order of time
  return {
    recall(submissionId, excludedBackendIds, answer) {
      const key = [submissionId, ...excludedBackendIds.toSorted()].join(' ');
      const found = kept.get(key);
      if (found && now() - found.at <= REMEMBERED_MS) return found.answer;
      kept.delete(key);
      const given = { answer: answer(), at: now() };
      kept.set(key, given);
      for (const [oldest, { at }] of kept) {
        if (now() - at <= REMEMBERED_MS && kept.size <= MOST) break;
        kept.delete(oldest);
      }
      return given.answer;
    },
  };
}
