import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { StepTools } from '../../chain/step-tools.ts';

/** The questions of one step: equal ones are asked once at a time, and their answers kept for a while. */
export type Questions<Answer> = AsyncDisposable & {
  /** An answer that still holds. */
  known(key: string): Answer | undefined;
  /**
   * The answer to a question that is asked now, unless an equal one is under way.
   * @param signal aborted when nobody waits for the answer here; the question ends when nobody waits for it anywhere
   * @throws Error when too many are under way
   */
  ask(key: string, signal: AbortSignal, question: (signal: AbortSignal) => Promise<Answer>): Promise<Answer>;
};

export type QuestionsOptions = {
  stepId: string;
  /** How long answers hold; 0: not at all. */
  keepMs: number;
  mostAtATime: number;
  count: StepTools['countQuestion'];
};

type Running<Answer> = { answer: Promise<Answer>; stop: AbortController; waiting: number };

const MOST_KEPT = 10_000;

/** Nothing is known yet. */
export function createQuestions<Answer extends object>(options: QuestionsOptions): Questions<Answer> {
  const { stepId, keepMs, mostAtATime, count } = options;
  const kept = new LRUCache<string, Answer>({ max: MOST_KEPT, ...(keepMs > 0 && { ttl: keepMs }) });
  const running = new Map<string, Running<Answer>>();
  let underWay = 0;

  const start = (key: string, question: (signal: AbortSignal) => Promise<Answer>): Running<Answer> => {
    const stop = new AbortController();
    underWay += 1;
    const began = performance.now();
    const asked = async () => {
      let result: 'answered' | 'failed' | 'late' = 'answered';
      try {
        const answer = await Promise.resolve().then(() => question(stop.signal));
        if (keepMs > 0) kept.set(key, answer);
        return answer;
      } catch (error) {
        result = stop.signal.aborted ? 'late' : 'failed';
        throw error;
      } finally {
        underWay -= 1;
        if (running.get(key) === started) running.delete(key);
        count(stepId, result, performance.now() - began);
      }
    };
    const started: Running<Answer> = { answer: asked(), stop, waiting: 0 };
    running.set(key, started);
    return started;
  };
  return {
    known: (key) => {
      const answer = kept.get(key);
      if (answer !== undefined) count(stepId, 'cached', 0);
      return answer;
    },
    ask: async (key, signal, question) => {
      let joined = running.get(key);
      // One that nobody waited for any more is about to end.
      if (joined?.stop.signal.aborted) joined = undefined;
      if (joined === undefined && underWay >= mostAtATime) {
        count(stepId, 'passed over', 0);
        throw new Error(`${underWay} of its questions are under way already`);
      }
      const mine = joined ?? start(key, question);
      mine.waiting += 1;
      const leave = () => {
        mine.waiting -= 1;
        if (mine.waiting === 0) mine.stop.abort(new Error('nobody waits for the answer any more'));
      };
      signal.addEventListener('abort', leave, { once: true });
      try {
        return await mine.answer;
      } finally {
        signal.removeEventListener('abort', leave);
      }
    },
    [Symbol.asyncDispose]: async () => {
      const ends = [...running.values()].map(({ answer, stop }) => {
        stop.abort(new Error('the step is no longer in force'));
        return answer.catch(() => {});
      });
      await Promise.all(ends);
    },
  };
}

/** A short name for a question; what it consists of cannot be read from it. */
export function questionKey(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
