import type { DueTimes } from '../limits/due-times.ts';

/** A query whose client polls on. */
export type Attended = { queryId: string; secretHash: () => Uint8Array<ArrayBuffer> };

/** The call to the gatewayserver; undefined when it does not answer. */
export type AttendQueries = (
  request: { queries: { queryId: string; secretHash: Uint8Array<ArrayBuffer> }[]; waitMs: number },
  signal: AbortSignal,
) => Promise<{ changedQueryIds: readonly string[] } | undefined>;

/** Tells the gatewayserver of many queries at once, in few calls, that their clients poll on. */
export type AttendedQueries = {
  /**
   * From now on it is told of this one. `changed` is called once, when there is more to say of it than that it waits, or nothing can be
   * known of it this way. Returns what ends it: then neither is it told any more, nor `changed` called.
   */
  add(query: Attended, changed: () => void): () => void;
  /** Whether the gatewayserver takes such calls, as far as that is known. */
  isTold(): boolean;
};

type Options = {
  admission: { attend: AttendQueries };
  due: DueTimes;
  now(): number;
};

type Member = { query: Attended; changed: () => void; call: Call | undefined };
/** One call, and those whom it is about. */
type Call = { members: Set<Member>; controller: AbortController; isRenewed: boolean };

/** Those that come within it are told of together. */
const GATHER_MS = 20;
/** A call has to be made anew for all of its members when one of them changes. */
const MOST_IN_CALL = 50;
/** How long one call may be held. */
const CALL_MS = 10_000;
/** A call that is answered before, without a change, is not repeated: its queries' polls ask by themselves. */
const LEAST_CALL_MS = 100;
/** After a call that failed none is made for so long: the gatewayserver is away, or an older one. */
const FAILURE_PAUSE_MS = 5_000;

/** None. */
export function createAttendedQueries({ admission, due, now }: Options): AttendedQueries {
  const joining = new Set<Member>();
  let pausedUntil = 0;
  let isGathering = false;

  const flush = () => {
    const members = [...joining];
    joining.clear();
    for (let at = 0; at < members.length; at += MOST_IN_CALL) void tell(members.slice(at, at + MOST_IN_CALL));
  };
  const join = (members: Iterable<Member>) => {
    for (const member of members) {
      member.call = undefined;
      joining.add(member);
    }
    if (isGathering || joining.size === 0) return;
    isGathering = true;
    due.after(GATHER_MS, () => {
      isGathering = false;
      flush();
    });
  };
  const end = (members: Iterable<Member>) => {
    for (const member of members) {
      member.call = undefined;
      member.changed();
    }
  };
  const tell = async (told: readonly Member[]): Promise<void> => {
    const call: Call = { members: new Set(told), controller: new AbortController(), isRenewed: false };
    for (const member of told) member.call = call;
    const queries = told.map(({ query }) => ({ queryId: query.queryId, secretHash: query.secretHash() }));
    const began = now();
    const answer = await admission.attend({ queries, waitMs: CALL_MS }, call.controller.signal);
    if (call.controller.signal.aborted) return;
    if (answer === undefined) pausedUntil = now() + FAILURE_PAUSE_MS;
    const changed = new Set(answer?.changedQueryIds);
    const isEarly = changed.size === 0 && now() - began < LEAST_CALL_MS;
    if (answer === undefined || isEarly) return end(call.members);
    const [over, others] = [[] as Member[], [] as Member[]];
    for (const member of call.members) (changed.has(member.query.queryId) ? over : others).push(member);
    join(others);
    // The next of them may be offered a slot at any moment.
    if (over.length > 0) setImmediate(flush);
    end(over);
  };
  /** Its members are told of anew, without those that have left. */
  const renew = (call: Call) => {
    if (call.members.size === 0) call.controller.abort();
    if (call.isRenewed) return;
    call.isRenewed = true;
    due.after(GATHER_MS, () => {
      if (call.controller.signal.aborted) return;
      call.controller.abort();
      join(call.members);
    });
  };
  return {
    add: (query, changed) => {
      const member: Member = { query, changed, call: undefined };
      join([member]);
      return () => {
        joining.delete(member);
        const { call } = member;
        member.call = undefined;
        if (call?.members.delete(member)) renew(call);
      };
    },
    isTold: () => now() >= pausedUntil,
  };
}
