import { LRUCache } from 'lru-cache';

/** How a script has behaved, for each user and for all. Times are those of one clock, in milliseconds. */
export type Standing = {
  /** Why it is not asked now; undefined when it is. */
  whyNotAsked(user: string, now: number): string | undefined;
  /** Why it is not asked where calls may last; undefined when it is. */
  whyNotSlowly(user: string, now: number): string | undefined;
  /** Whether calls for this user go where nobody else waits behind them. */
  isSlow(user: string, now: number): boolean;
  /** It answered soon enough for anybody to wait behind. */
  wasQuick(user: string): void;
  /** It answered, but not so soon. */
  wasSlow(user: string): void;
  /** It was still busy when others had waited long enough. */
  tookTurns(user: string, ms: number, now: number): void;
  /** It did not answer in its time, which was this long. */
  wasLate(user: string, ms: number, now: number): void;
};

type UserStanding = { isSlow: boolean; hasAnswered: boolean; late: number; until: number };

const MOST_USERS = 10_000;
const LATE_OF_A_USER = 3;
const USER_PAUSE_MS = 10_000;
const LATE_USERS = 5;
const SCRIPT_PAUSE_MS = 5_000;
/** What newcomers may take of the others' time at once, and what comes back of it in a second. */
const TURNS_MS = 20;
const TURNS_BACK_PER_MS = 0.02;

/** What calls that come to nothing may take of the processor at once, and what comes back of it. */
const WASTED_MS = 400;
const WASTED_BACK_PER_MS = 0.1;

export function createStanding(): Standing {
  const users = new LRUCache<string, UserStanding>({ max: MOST_USERS });
  let lateUsers = new Set<string>();
  let scriptUntil = 0;
  const turns = createBucket(TURNS_BACK_PER_MS);
  const wasted = createBucket(WASTED_BACK_PER_MS);
  const answered = () => {
    if (lateUsers.size > 0) lateUsers = new Set();
  };
  const whyNotAsked: Standing['whyNotAsked'] = (user, now) => {
    if (now < scriptUntil) return `the script did not answer for ${LATE_USERS} users: it is not asked for a while`;
    const found = users.get(user);
    if (found === undefined || found.late < LATE_OF_A_USER || now >= found.until) return undefined;
    return `the script did not answer ${found.late} times for this user: it is not asked for a while`;
  };
  return {
    whyNotAsked,
    whyNotSlowly(user, now) {
      const found = users.get(user);
      const hasAnswered = found?.hasAnswered === true && found.late === 0;
      if (hasAnswered || wasted.level(now) < WASTED_MS) return whyNotAsked(user, now);
      return 'calls that the script did not answer have taken too much time: it is not asked for a while';
    },
    isSlow: (user, now) => users.get(user)?.isSlow ?? turns.level(now) >= TURNS_MS,
    wasQuick(user) {
      answered();
      const found = users.get(user);
      if (found === undefined || found.isSlow) users.set(user, { isSlow: false, hasAnswered: true, late: 0, until: 0 });
    },
    wasSlow(user) {
      answered();
      users.set(user, { isSlow: true, hasAnswered: true, late: 0, until: 0 });
    },
    tookTurns(user, ms, now) {
      turns.add(ms, now);
      users.set(user, { hasAnswered: false, late: 0, until: 0, ...users.get(user), isSlow: true });
    },
    wasLate(user, ms, now) {
      wasted.add(ms, now);
      const late = (users.get(user)?.late ?? 0) + 1;
      users.set(user, { isSlow: true, hasAnswered: false, late, until: now + USER_PAUSE_MS });
      lateUsers.add(user);
      if (lateUsers.size < LATE_USERS) return;
      scriptUntil = now + SCRIPT_PAUSE_MS;
      lateUsers = new Set();
    },
  };
}

/** What was taken of something that comes back with time. */
function createBucket(backPerMs: number) {
  let taken = { ms: 0, at: 0 };
  const level = (now: number) => Math.max(0, taken.ms - (now - taken.at) * backPerMs);
  return {
    level,
    add: (ms: number, now: number) => {
      taken = { ms: level(now) + ms, at: now };
    },
  };
}
