import type { CallResult, Executor } from './executor.ts';
import type { Supply } from './supply.ts';

/** What came of a call, and after how long since its turn came; `unwelcome` when it was never made for want of welcome. */
export type LaneResult = (CallResult | { kind: 'unwelcome' }) & { tookMs: number };

/** Calls of one script, one after the other. */
export type Lane = {
  /** @param until performance.now() after which nobody waits for it. Rejects when the call was never made. */
  ask(user: string, request: string, until: number): Promise<LaneResult>;
};

type LaneOptions = {
  supply: Supply;
  /** How long one call may work here; the others wait for it. Absent: as long as its time lasts. */
  workMs?: number;
  mostWaiting: number;
  /** Other threads and processes go before it, and it leaves what is kept warm to others once it had one. */
  yields: boolean;
  /** Whether calls of this user are made here; asked again when their turn comes. */
  welcomes(user: string): boolean;
};

type Call = { user: string; request: string; until: number; settle: PromiseWithResolvers<LaneResult> };

/** A call with less time left is not worth its beginning. */
const LEAST_MS = 1;
/** What an executor that can be interrupted needs at most to say so, on a busy machine. */
const GRACE_MS = 100;
const MOST_PAUSE_MS = 30_000;

export function createLane(options: LaneOptions): Lane {
  const { supply, workMs = Number.POSITIVE_INFINITY, mostWaiting, yields, welcomes } = options;
  let takesWarm = true;
  let waiting: Call[] = [];
  let inFlight: Call[] = [];
  let executor: { it: Executor; isReady: boolean } | undefined;
  const watchdog = createWatchdog();
  /** When the turn of the first one in flight came. */
  let began = 0;
  let broken: Broken = sound;

  const timed = (result: CallResult): LaneResult => ({ ...result, tookMs: performance.now() - began });
  const start = () => {
    const current = {
      it: supply.take({ answered, ended: (why) => fell(current, { kind: 'broke', message: why }) }, takesWarm),
      isReady: false,
    };
    executor = current;
    takesWarm = !yields;
    if (yields) current.it.yieldToOthers();
    current.it.ready.then(
      () => {
        if (executor !== current) return;
        current.isReady = true;
        broken = sound;
        pump();
      },
      (error: Error) => {
        if (executor === current) couldNotStart(error);
      },
    );
  };
  const couldNotStart = ({ message }: Error) => {
    broken = brokenAgain(broken.times + 1, message);
    drop();
    for (const { settle } of waiting.splice(0)) settle.reject(new Error(message));
  };
  const drop = () => {
    void executor?.it.end();
    executor = undefined;
    watchdog.watch(undefined, () => {});
  };
  const answered = (result: CallResult) => {
    if (result.kind === 'broke') fell(executor, result);
    else {
      inFlight.shift()?.settle.resolve(timed(result));
      watch();
      pump();
    }
  };
  /** Whoever was being answered is to blame; the others are asked again, of the next one. */
  const fell = (whose: typeof executor, result: CallResult) => {
    if (whose === undefined || executor !== whose || !whose.isReady) return;
    drop();
    const [blamed, ...others] = inFlight;
    inFlight = [];
    waiting = [...others, ...waiting];
    blamed?.settle.resolve(timed(result));
    pump();
  };
  const watch = () => {
    began = performance.now();
    const [current] = inFlight;
    const leftMs = current && Math.max(0, Math.min(workMs, current.until - began));
    watchdog.watch(leftMs, () => {
      if (inFlight[0] === current) fell(executor, { kind: 'late' });
    });
  };
  const pump = () => {
    if (waiting.length > 0 && executor === undefined) start();
    if (!executor?.isReady) return;
    while (waiting.length > 0 && inFlight.length < executor.it.mostInFlight) {
      const call = waiting.shift() as Call;
      const leftMs = call.until - performance.now();
      if (!welcomes(call.user)) call.settle.resolve({ kind: 'unwelcome', tookMs: 0 });
      else if (leftMs < LEAST_MS) call.settle.reject(new Error('its turn did not come in time'));
      else {
        executor.it.call(call.request, { workMs: Math.min(workMs, leftMs), limitMs: leftMs });
        inFlight.push(call);
        if (inFlight.length === 1) watch();
      }
    }
  };
  return {
    ask(user, request, until) {
      if (performance.now() < broken.until) return Promise.reject(new Error(broken.why));
      if (waiting.length >= mostWaiting) {
        waiting = waiting.filter((call) => call.until > performance.now());
        if (waiting.length >= mostWaiting) return Promise.reject(new Error('too many queries wait for it'));
      }
      const settle = Promise.withResolvers<LaneResult>();
      waiting.push({ user, request, until, settle });
      pump();
      return settle.promise;
    },
  };
}

/** Why nothing is started, and until when. */
type Broken = { why: string; times: number; until: number };

const sound: Broken = { why: '', times: 0, until: 0 };

function brokenAgain(times: number, why: string): Broken {
  return { why, times, until: performance.now() + Math.min(MOST_PAUSE_MS, 500 * 2 ** times) };
}

/** Tells of a call that should have been interrupted by now. An answer that has come while this thread was busy is heard first. */
function createWatchdog() {
  let timer: NodeJS.Timeout | undefined;
  return {
    /** @param leftMs undefined: nothing is expected */
    watch(leftMs: number | undefined, onLate: () => void): void {
      clearTimeout(timer);
      if (leftMs !== undefined) timer = setTimeout(() => setImmediate(onLate), leftMs + GRACE_MS).unref();
    },
  };
}
