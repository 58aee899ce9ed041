import type { Exchange } from '../http/exchange.ts';
import { UpstreamError } from '../http/upstream/upstream-answer.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { AskCluster, ClusterAnswer } from './ask.ts';

/** Whether the coordinator that gave an answer owns the query. `denied`: it wants credentials before it says. */
export type Verdict = 'owned' | 'notOwned' | 'denied' | 'unclear';

/** What came of asking several coordinators for one that knows a query. The body of `answer` is yet to be read. */
export type Search =
  | { kind: 'found'; answer: ClusterAnswer }
  /** All of them answered that they do not own it. */
  | { kind: 'notFound' }
  /** None owns it so far, and one wants credentials before it says. */
  | { kind: 'denied'; answer: ClusterAnswer }
  /** None owns it so far, and not all of them have answered. */
  | { kind: 'unclear' }
  | { kind: 'abandoned' };

// A coordinator that does not know an id says so at once, one that does holds a poll for a second.
const ANSWER_TIME_MS = 10_000;
const AT_ONCE = 32;

/** Asks several coordinators at once for a query that any of them may own; the first that does wins, the other requests are aborted. */
export async function askAll(
  { ask }: { ask: AskCluster },
  exchange: Exchange,
  coordinators: readonly Coordinator[],
  request: { method: string; path: string; body?: Buffer },
  judge: (answer: ClusterAnswer) => Verdict,
): Promise<Search> {
  const { signal } = exchange;
  const waiting = [...coordinators];
  const running = new Map<Coordinator, AbortController>();
  let found: ClusterAnswer | undefined;
  let denied: ClusterAnswer | undefined;
  let isClear = true;
  const askOne = async (coordinator: Coordinator): Promise<void> => {
    const giveUp = new AbortController();
    running.set(coordinator, giveUp);
    const onHangUp = () => giveUp.abort();
    signal.addEventListener('abort', onHangUp, { once: true });
    try {
      const answer = await ask(exchange, {
        coordinator,
        ...request,
        headTimeMs: ANSWER_TIME_MS,
        signal: giveUp.signal,
      });
      const verdict = found === undefined ? judge(answer) : 'unclear';
      if (verdict === 'owned') {
        found = answer;
        for (const [other, controller] of running) if (other !== coordinator) controller.abort();
        // The body lives as long as the client does.
        if (signal.aborted) giveUp.abort();
        return;
      }
      if (verdict === 'denied' && denied === undefined) {
        denied = answer;
        return;
      }
      if (verdict === 'unclear') isClear = false;
      answer.body.destroy();
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      isClear = false;
    } finally {
      running.delete(coordinator);
      if (found?.coordinator !== coordinator) signal.removeEventListener('abort', onHangUp);
    }
  };
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && found === undefined; next = waiting.shift())
      await askOne(next);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, coordinators.length) }, work));
  if (found !== undefined || !isClear || signal.aborted) denied?.body.destroy();
  if (signal.aborted) {
    found?.body.destroy();
    return { kind: 'abandoned' };
  }
  if (found !== undefined) return { kind: 'found', answer: found };
  if (!isClear) return { kind: 'unclear' };
  return denied === undefined ? { kind: 'notFound' } : { kind: 'denied', answer: denied };
}
