import { LRUCache } from 'lru-cache';
import type { DueTimes } from '../limits/due-times.ts';
import type { HeldPolls } from '../limits/held-polls.ts';
import { type Attended, type AttendQueries, createAttendedQueries } from './attended-queries.ts';

/** What became of a poll that was held: the query waits, there is more to say of it, or the client has hung up. */
export type HeldEnd = 'over' | 'changed' | 'gone';

/**
 * The clients that poll a waiting query as soon as they are answered: one call to the gatewayserver stands for many polls of many of
 * them, and says that they are there. It takes no offer: the poll that is told of a change asks for it.
 */
export type Attendance = {
  /** Holds a poll for so long; undefined when its query is not attended, so that it has to ask by itself. */
  hold(query: Attended, client: AbortSignal, waitMs: number): Promise<HeldEnd> | undefined;
  /** The same, whoever tells of its client: calls back unless it was told that somebody else holds the poll. */
  keep(query: Attended, waitMs: number, ended: (end: HeldEnd) => void): Kept | undefined;
  /** A poll of this query is answered that it waits. */
  waits(queryId: string): void;
};

/** A poll that is held. */
export type Kept = {
  /** Its client has hung up. */
  gone(): void;
  /** It is held by somebody else from now on. */
  letGo(): void;
};

type Options = {
  admission: { attend: AttendQueries };
  heldPolls: Pick<HeldPolls, 'hold' | 'isStopping'>;
  /** Polls that end at about the same time are answered together. */
  due: DueTimes;
  now?: () => number;
};

/** The polls of one client. */
type Stay = {
  polls: Set<(end: HeldEnd) => void>;
  /** It is not attended any more. */
  leave: () => void;
  /** Ends the wait for the next poll. */
  returned: () => void;
};

const nothing = () => {};

/** A client that comes back in this time polls on. It counts as present for so much longer when it does not. */
const RETURN_MS = 250;
/** How often it must have done so: the first polls tell the gatewayserver its rhythm. */
const KNOWN_RETURNS = 3;
/** Beyond it the least recently polled is forgotten, and has to come back a few times anew. */
const REMEMBERED = 50_000;

/** Nobody is attended. */
export function createAttendance(options: Options): Attendance {
  const { admission, heldPolls, due, now = () => performance.now() } = options;
  const returns = new LRUCache<string, { count: number; answeredAt: number }>({ max: REMEMBERED });
  const stays = new Map<string, Stay>();
  const attended = createAttendedQueries({ admission, due, now });

  const finish = (queryId: string, stay: Stay, end: HeldEnd) => {
    stay.returned();
    if (stays.get(queryId) === stay) stays.delete(queryId);
    stay.leave();
    // Who is told of a change has to ask by itself, however short its poll is; so has the next poll when nobody polls.
    if (end === 'changed') returns.delete(queryId);
    for (const endPoll of [...stay.polls]) endPoll(end);
  };
  const begin = (query: Attended): Stay => {
    const stay: Stay = { polls: new Set(), leave: nothing, returned: nothing };
    stays.set(query.queryId, stay);
    stay.leave = attended.add(query, () => finish(query.queryId, stay, 'changed'));
    return stay;
  };
  /** Whether its client has come back often enough. */
  const pollsOn = (queryId: string): boolean => {
    const known = returns.get(queryId);
    if (known === undefined) return false;
    known.count = now() - known.answeredAt <= RETURN_MS ? known.count + 1 : 0;
    return known.count >= KNOWN_RETURNS && attended.isTold();
  };
  const keep: Attendance['keep'] = (query, waitMs, ended) => {
    const { queryId } = query;
    if (heldPolls.isStopping()) return undefined;
    const known = stays.get(queryId);
    if (known === undefined && !pollsOn(queryId)) return undefined;
    const stay = known ?? begin(query);
    stay.returned();
    stay.returned = nothing; // it would keep what its poll had
    const leave = (how: HeldEnd) => {
      notDue();
      release();
      stay.polls.delete(end);
      if (stay.polls.size > 0 || stays.get(queryId) !== stay) return;
      if (how === 'gone') finish(queryId, stay, how);
      else stay.returned = due.after(RETURN_MS, () => finish(queryId, stay, how));
    };
    const end = (how: HeldEnd) => {
      leave(how);
      ended(how);
    };
    const onTimeout = () => end('over');
    const notDue = due.after(waitMs, onTimeout);
    const release = heldPolls.hold(onTimeout);
    stay.polls.add(end);
    return { gone: () => end('gone'), letGo: () => leave('over') };
  };
  return {
    keep,
    hold: (query, client, waitMs) => {
      const { promise, resolve } = Promise.withResolvers<HeldEnd>();
      const kept = keep(query, waitMs, (how) => {
        client.removeEventListener('abort', onHangUp);
        resolve(how);
      });
      const onHangUp = () => kept?.gone();
      if (kept === undefined) return undefined;
      client.addEventListener('abort', onHangUp);
      if (client.aborted) onHangUp();
      return promise;
    },
    waits: (queryId) => {
      const known = returns.get(queryId);
      if (known) known.answeredAt = now();
      else returns.set(queryId, { count: 0, answeredAt: now() });
    },
  };
}
