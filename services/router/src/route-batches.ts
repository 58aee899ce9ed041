import type { RouteRequest, RouteResponse } from '@trino-gateway/api/gateway';
import { isUnreachable } from '@trino-gateway/runtime';

/** One decision as the router asks for it. */
export type RouteQuestion = Omit<RouteRequest, '$typeName' | '$unknown'>;

/** The two calls that answer it; both may be repeated. */
export type RouteCalls = {
  one(question: RouteQuestion, signal: AbortSignal | undefined, timeoutMs: number): Promise<RouteResponse>;
  many(questions: readonly RouteQuestion[], timeoutMs: number): Promise<readonly RouteResponse[]>;
};

type Waiting = {
  question: RouteQuestion;
  timeoutMs: number;
  signal: AbortSignal;
  resolve(answer: RouteResponse): void;
  reject(error: unknown): void;
};

// A call costs as much as dozens of decisions. Two under way keep the gatewayserver busy while the next batch gathers.
const CALLS_AT_ONCE = 2;
const MOST_IN_BATCH = 500;

/**
 * Asks for decisions; those that come while calls are under way travel together in the next one. A question of its own
 * fails as the call would, and one that spoils its batch does no harm to the others.
 */
export function createRouteBatches(calls: RouteCalls) {
  const waiting: Waiting[] = [];
  let underWay = 0;
  let scheduled = false;

  const alone = ({ question, signal, timeoutMs, resolve, reject }: Waiting) =>
    calls.one(question, signal, timeoutMs).then(resolve, reject);

  const together = async (batch: readonly Waiting[]) => {
    try {
      const timeoutMs = Math.min(...batch.map((item) => item.timeoutMs));
      const answers = await calls.many(
        batch.map(({ question }) => question),
        timeoutMs,
      );
      batch.forEach((item, index) => {
        const answer = answers[index];
        if (answer === undefined)
          item.reject(new Error('the gatewayserver answered fewer decisions than it was asked for'));
        else item.resolve(answer);
      });
    } catch (error) {
      if (isUnreachable(error)) for (const item of batch) item.reject(error);
      else await Promise.all(batch.map(alone));
    }
  };

  const pump = () => {
    scheduled = false;
    while (underWay < CALLS_AT_ONCE && waiting.length > 0) {
      const batch = waiting.splice(0, MOST_IN_BATCH).filter(({ signal }) => !signal.aborted);
      const [first] = batch;
      if (first === undefined) continue;
      underWay += 1;
      void (batch.length === 1 ? alone(first) : together(batch)).then(() => {
        underWay -= 1;
        pump();
      });
    }
  };

  return (question: RouteQuestion, signal: AbortSignal, timeoutMs: number): Promise<RouteResponse> =>
    new Promise((resolve, reject) => {
      const giveUp = () => reject(signal.reason);
      signal.addEventListener('abort', giveUp, { once: true });
      const settled = () => signal.removeEventListener('abort', giveUp);
      waiting.push({
        question,
        timeoutMs,
        signal,
        resolve(answer) {
          settled();
          resolve(answer);
        },
        reject(error) {
          settled();
          reject(error);
        },
      });
      if (scheduled || underWay >= CALLS_AT_ONCE) return;
      scheduled = true;
      setImmediate(pump);
    });
}
