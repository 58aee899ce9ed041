import { LRUCache } from 'lru-cache';

/** How a script has behaved, for each user and for all. Times are those of one clock, in milliseconds. */
export type Standing = {
  /** Why it is not asked now; undefined when it is. */
  whyNotAsked(user: string, now: number): string | undefined;
  /** Whether calls for this user go where nobody else waits behind them. */
  isSlow(user: string, now: number): boolean;
  /** It answered soon enough for anybody to wait behind. */
  wasQuick(user: string): void;
  /** It answered, but not so soon. */
  wasSlow(user: string): void;
  /** It was still busy when others had waited long enough. */
  tookTurns(user: string, ms: number, now: number): void;
  /** It did not answer in its time. */
  wasLate(user: string, now: number): void;
};

type UserStanding = { isSlow: boolean; late: number; until: number };

const MOST_USERS = 10_000;
const LATE_OF_A_USER = 3;
const USER_PAUSE_MS = 10_000;
const LATE_USERS = 5;
const SCRIPT_PAUSE_MS = 5_000;
/** What newcomers may take of the others' time at once, and what comes back of it in a second. */
const TURNS_MS = 20;
const TURNS_BACK_PER_MS = 0.02;

export function createStanding(): Standing {
  const users = new LRUCache<string, UserStanding>({ max: MOST_USERS });
  let lateUsers = new Set<string>();
  let scriptUntil = 0;
  let turns = { ms: 0, at: 0 };
  const turnsTaken = (now: number) => Math.max(0, turns.ms - (now - turns.at) * TURNS_BACK_PER_MS);
  const answered = () => {
    if (lateUsers.size > 0) lateUsers = new Set();
  };
  return {
    whyNotAsked(user, now) {
      if (now < scriptUntil) return `the script did not answer for ${LATE_USERS} users: it is not asked for a while`;
      const found = users.get(user);
      if (found === undefined || found.late < LATE_OF_A_USER || now >= found.until) return undefined;
      return `the script did not answer ${found.late} times for this user: it is not asked for a while`;
    },
    isSlow: (user, now) => users.get(user)?.isSlow ?? turnsTaken(now) >= TURNS_MS,
    wasQuick(user) {
      answered();
      const found = users.get(user);
      if (found === undefined || found.isSlow) users.set(user, { isSlow: false, late: 0, until: 0 });
    },
    wasSlow(user) {
      answered();
      users.set(user, { isSlow: true, late: 0, until: 0 });
    },
    tookTurns(user, ms, now) {
      turns = { ms: turnsTaken(now) + ms, at: now };
      users.set(user, { late: 0, until: 0, ...users.get(user), isSlow: true });
    },
    wasLate(user, now) {
      const late = (users.get(user)?.late ?? 0) + 1;
      users.set(user, { isSlow: true, late, until: now + USER_PAUSE_MS });
      lateUsers.add(user);
      if (lateUsers.size < LATE_USERS) return;
      scriptUntil = now + SCRIPT_PAUSE_MS;
      lateUsers = new Set();
    },
  };
}
