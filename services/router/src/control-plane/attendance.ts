import { LRUCache } from 'lru-cache';
import { createDueTimes } from '../limits/due-times.ts';
import type { HeldPolls } from '../limits/held-polls.ts';
import type { AdmissionClient } from './admission-client.ts';

/** What became of a poll that was held: the query waits, there is more to say of it, or the client has hung up. */
export type HeldEnd = 'over' | 'changed' | 'gone';

/** A query whose client polls on. */
export type Attended = { queryId: string; secretHash: () => Uint8Array };

/**
 * The clients that poll a waiting query as soon as they are answered: one call to the gatewayserver stands for many of their polls,
 * and says that they are there. It takes no offer: the poll that is told of a change asks for it.
 */
export type Attendance = {
  /** Holds a poll for so long; undefined when its query is not attended, so that it has to ask by itself. */
  hold(query: Attended, client: AbortSignal, waitMs: number): Promise<HeldEnd> | undefined;
  /** A poll of this query is answered that it waits. */
  waits(queryId: string): void;
};

type Options = {
  admission: Pick<AdmissionClient, 'attend'>;
  heldPolls: Pick<HeldPolls, 'hold' | 'waited' | 'isStopping'>;
  now?: () => number;
};

/** The polls of one client, and the call that stands for them. */
type Stay = {
  polls: Set<(end: HeldEnd) => void>;
  call: AbortController;
  /** Ends the wait for the next poll. */
  returned: () => void;
};

/** Polls that end at about the same time are answered together. */
const STEP_MS = 20;
/** A client that comes back in this time polls on. It counts as present for so much longer when it does not. */
const RETURN_MS = 250;
/** How often it must have done so: the first polls tell the gatewayserver its rhythm. */
const KNOWN_RETURNS = 3;
/** How long one call may be held. */
const CALL_MS = 10_000;
/** A call that is answered before is not repeated: its polls ask by themselves. */
const LEAST_CALL_MS = 100;
/** After a call that failed nobody is attended for so long: the gatewayserver is away, or an older one. */
const FAILURE_PAUSE_MS = 5_000;
/** Beyond it the least recently polled is forgotten, and has to come back a few times anew. */
const REMEMBERED = 50_000;

/** Nobody is attended. */
export function createAttendance({ admission, heldPolls, now = () => performance.now() }: Options): Attendance {
  const returns = new LRUCache<string, { count: number; answeredAt: number }>({ max: REMEMBERED });
  const stays = new Map<string, Stay>();
  const due = createDueTimes(STEP_MS, now);
  let pausedUntil = 0;

  const finish = (queryId: string, stay: Stay, end: HeldEnd) => {
    stay.returned();
    if (stays.get(queryId) === stay) stays.delete(queryId);
    stay.call.abort();
    for (const endPoll of [...stay.polls]) endPoll(end);
  };
  const attend = async ({ queryId, secretHash }: Attended, stay: Stay): Promise<void> => {
    const request = { queryId, secretHash: secretHash(), waitMs: CALL_MS };
    for (;;) {
      const began = now();
      const answer = await admission.attend(request, stay.call.signal);
      if (stay.call.signal.aborted) return;
      if (answer === undefined) pausedUntil = now() + FAILURE_PAUSE_MS;
      else heldPolls.waited(queryId, answer.queuedMs);
      const isOver = answer?.changed === false && now() - began >= LEAST_CALL_MS;
      if (!isOver || stay.polls.size === 0) return finish(queryId, stay, 'changed');
    }
  };
  const begin = (query: Attended): Stay => {
    const stay: Stay = { polls: new Set(), call: new AbortController(), returned: () => {} };
    stays.set(query.queryId, stay);
    void attend(query, stay);
    return stay;
  };
  /** Whether its client has come back often enough. */
  const pollsOn = (queryId: string): boolean => {
    const known = returns.get(queryId);
    if (known === undefined) return false;
    known.count = now() - known.answeredAt <= RETURN_MS ? known.count + 1 : 0;
    return known.count >= KNOWN_RETURNS && now() >= pausedUntil;
  };
  return {
    hold: (query, client, waitMs) => {
      const { queryId } = query;
      if (heldPolls.isStopping()) return undefined;
      const known = stays.get(queryId);
      if (known === undefined && !pollsOn(queryId)) return undefined;
      const stay = known ?? begin(query);
      stay.returned();
      return new Promise((resolve) => {
        const end = (how: HeldEnd) => {
          notDue();
          client.removeEventListener('abort', onHangUp);
          release();
          stay.polls.delete(end);
          resolve(how);
          if (stay.polls.size > 0 || stays.get(queryId) !== stay) return;
          if (how === 'gone') finish(queryId, stay, how);
          else stay.returned = due.after(RETURN_MS, () => finish(queryId, stay, how));
        };
        const onHangUp = () => end('gone');
        const onTimeout = () => end('over');
        const notDue = due.after(waitMs, onTimeout);
        const release = heldPolls.hold(onTimeout);
        stay.polls.add(end);
        client.addEventListener('abort', onHangUp);
        if (client.aborted) onHangUp();
      });
    },
    waits: (queryId) => {
      const known = returns.get(queryId);
      if (known) known.answeredAt = now();
      else returns.set(queryId, { count: 0, answeredAt: now() });
    },
  };
}
