import { every, type Logger } from '@trino-gateway/runtime';
import type { Admission } from '../rules/admission.ts';
import { depart, seen, stays } from '../rules/queue.ts';
import { type AdmissionTimes, patienceMs } from '../rules/times.ts';
import type { AdmissionState } from '../state/admission-state.ts';
import type { Waiter } from '../state/waiter.ts';

// Who polls, as this replica sees it. That a client is there is stored when it comes, and then once in a while, for all of them
// together: its further polls are answered from memory. That it has gone is stored as soon as it misses its rhythm.

/** One poll of a waiter that is held here, or the many that follow each other at a router. */
export type Visit = {
  /** Whether its client must be stored as present before it may be offered a slot. */
  isDue(): boolean;
  /** Its client is stored as present, as this waiter. */
  stored(waiter: Waiter | undefined): void;
  /** How long its client pauses between polls, as far as that is known. */
  rhythmMs(): number | undefined;
  /** It is no longer held. */
  end(): void;
};

/** The clients whose polls come to this replica. */
export type Presence = AsyncDisposable & {
  /** A poll begins to be held, for as long as `holdMs`. */
  enter(id: string, holdMs: number): Visit;
  /** A router has its polls, which follow each other at once; whether one is there at this moment it alone knows. */
  attend(id: string): Visit;
  /** It was queued here: its first poll is expected. */
  queued(waiter: Waiter): void;
  /** Its client has hung up. */
  left(id: string): void;
  /** Until when a poll of it is expected, by the database's clock; endless while one is held here. Undefined when it polls elsewhere. */
  expectedUntil(id: string): number | undefined;
};

type Client = {
  held: number;
  heldUntil: number;
  /** How many routers have its polls. */
  attended: number;
  /** When its last poll ended, or it was queued. */
  endedAt: number;
  /** How many pauses were seen, and the longest of late. */
  pauses: number;
  pauseMs: number;
  /** It has gone: what follows is no pause between two polls. */
  isAway: boolean;
  /** What this replica has stored of it. */
  stored?: Pick<Waiter, 'seenAt' | 'presentUntil'> | undefined;
};

type Parts = {
  state(): AdmissionState;
  /** The database's clock. */
  now(): number;
  run(command: (admission: Admission) => void): Promise<void>;
  times: AdmissionTimes;
  logger: Logger;
};

const SWEEP_EVERY_MS = 250;
/** Presence is stored anew so long before it would be needed. */
const AHEAD_MS = 1_000;
/** After so many pauses a rhythm is known: the first of some clients are shorter than the others. */
const KNOWN_PAUSES = 2;
/** What is left of a longer pause after each shorter one. */
const FADING = 0.8;

/** Nobody polls. */
export function openPresence({ state, now, run, times, logger }: Parts): Presence {
  const clients = new Map<string, Client>();
  const sweeping = every(SWEEP_EVERY_MS, 'noting which clients poll', logger, () =>
    noteChanges(clients, { state, now, run, times }).catch(() => undefined),
  );
  const clientOf = (id: string): Client => {
    const known = clients.get(id);
    if (known) return known;
    const waiter = state().waiter(id);
    const pause = { pauses: waiter?.rhythmMs === undefined ? 0 : KNOWN_PAUSES, pauseMs: waiter?.rhythmMs ?? 0 };
    // What another replica has stored is too coarse to measure a pause by.
    const client = { ...nowhere, endedAt: now(), isAway: true, ...pause };
    clients.set(id, client);
    return client;
  };
  const visitOf = (id: string, client: Client): Omit<Visit, 'end'> => {
    if (!isThere(client)) notePause(client, now());
    return {
      isDue: () => {
        const waiter = state().waiter(id);
        if (waiter?.phase !== 'QUEUED' || clients.get(id) !== client) return false;
        return (
          !isOurs(client, waiter) || waiter.presentUntil < Math.max(client.heldUntil, now()) + patienceOf(client, times)
        );
      },
      stored: (waiter) => {
        client.stored = waiter;
      },
      rhythmMs: () => rhythmOf(client),
    };
  };
  return {
    enter: (id, holdMs) => {
      const client = clientOf(id);
      const visit = visitOf(id, client);
      client.held += 1;
      client.heldUntil = Math.max(client.heldUntil, now() + holdMs);
      return {
        ...visit,
        end: () => {
          client.held -= 1;
          client.endedAt = now();
          if (client.held === 0) client.heldUntil = 0;
        },
      };
    },
    attend: (id) => {
      const client = clientOf(id);
      const visit = visitOf(id, client);
      client.attended += 1;
      return {
        ...visit,
        end: () => {
          client.attended -= 1;
          client.endedAt = now();
        },
      };
    },
    queued: ({ id, seenAt, presentUntil }) => {
      const stored = { seenAt, presentUntil };
      clients.set(id, { ...nowhere, endedAt: seenAt, pauses: 0, pauseMs: 0, isAway: false, stored });
    },
    left: (id) => {
      const client = clients.get(id);
      if (!client) return;
      // Polls that are still held belong to the connection that was lost.
      const { pauses, pauseMs } = client;
      clients.set(id, { ...nowhere, endedAt: now(), pauses, pauseMs, isAway: true });
    },
    expectedUntil: (id) => {
      const client = clients.get(id);
      if (!client || (client.isAway && !isThere(client))) return undefined;
      if (client.held > 0) return Number.POSITIVE_INFINITY;
      return (client.attended > 0 ? now() : client.endedAt) + patienceOf(client, times);
    },
    [Symbol.asyncDispose]: () => sweeping[Symbol.asyncDispose](),
  };
}

/** Stores which clients are still there, and which have gone, for all of them together. */
async function noteChanges(
  clients: Map<string, Client>,
  { state, now, run, times }: Omit<Parts, 'logger'>,
): Promise<void> {
  const present: [string, Client][] = [];
  const gone: [string, Client][] = [];
  for (const [id, client] of clients) {
    const waiter = state().waiter(id);
    if (!waiter || waiter.phase === 'HANDED_OVER' || waiter.phase === 'ENDED') clients.delete(id);
    else if (waiter.phase === 'CLAIMED') {
      // A router is busy with it: its client's polls need not come here.
      if (waiter.claim?.pickedUp !== false) client.endedAt = now();
      else if (!isThere(client) && client.endedAt + patienceOf(client, times) + times.pickUpMs <= now())
        gone.push([id, client]);
    } else if (isThere(client)) {
      const needed =
        Math.max(client.heldUntil, now()) + patienceOf(client, times) + (isOurs(client, waiter) ? AHEAD_MS : 0);
      if (waiter.presentUntil < needed) present.push([id, client]);
    } else if (!client.isAway && isOurs(client, waiter)) {
      const until = client.endedAt + patienceOf(client, times);
      if (until <= now()) gone.push([id, client]);
      else if (waiter.presentUntil < until) present.push([id, client]);
    }
  }
  if (present.length + gone.length === 0) return;
  await run((admission) => {
    for (const [id, client] of present) {
      const rhythmMs = rhythmOf(client);
      client.stored =
        client.held > 0
          ? seen(admission, id, Math.max(0, client.heldUntil - admission.now), rhythmMs)
          : stays(admission, id, rhythmMs);
    }
    for (const [id, { stored, endedAt }] of gone) if (stored) depart(admission, id, stored.seenAt, endedAt);
  });
  for (const [, client] of gone) if (!isThere(client)) client.isAway = true;
}

const patienceOf = (client: Client, times: AdmissionTimes) => patienceMs(times, rhythmOf(client));

const nowhere = { held: 0, heldUntil: 0, attended: 0 };

/** Whether a poll is held, or a router has its polls. */
const isThere = ({ held, attended }: Client) => held > 0 || attended > 0;

/** Learns from the pause that ends now. */
function notePause(client: Client, now: number): void {
  const pauseMs = Math.max(0, now - client.endedAt);
  if (!client.isAway || client.stored) {
    client.pauseMs = Math.round(Math.max(pauseMs, client.pauseMs * FADING));
    client.pauses += 1;
  }
  client.isAway = false;
}

function rhythmOf({ pauses, pauseMs }: Client): number | undefined {
  return pauses < KNOWN_PAUSES ? undefined : pauseMs;
}

/** Whether no other replica has stored anything of it since. */
function isOurs({ stored }: Client, waiter: Waiter): boolean {
  return stored?.seenAt === waiter.seenAt && stored.presentUntil === waiter.presentUntil;
}
