import { atRest, cancelQueued } from '../chaos/at-rest.ts';
import { createLoggedErrors } from '../chaos/processes/logged-errors.ts';
import type { Verdict } from '../chaos/verdicts.ts';
import { untilNothingIsLeft } from '../smuggling/router-counts.ts';
import { createRandom } from '../support/random.ts';
import { KINDS, runSoakClients, type SoakSeen } from './clients/soak-clients.ts';
import { type Watched, watch } from './figures.ts';
import { type Stage, startStage } from './stage.ts';
import { watchStandstill } from './standstill.ts';
import { clientVerdicts, type ProcessFigures, processVerdicts } from './verdicts.ts';

export type SoakOptions = {
  /** Of load, the warm-up included. */
  minutes: number;
  /** Draws the same again. */
  seed: number;
  clients: number;
  /** Gets the lines of the result, and what is done when it is done. */
  say: (line: string) => void;
  progress: (line: string) => void;
};

const MOST_WARM_UP_MS = 30_000;
/** A slot is kept for so long for a query that nobody polls. */
const LAST_POLITE_MS = 32_000;
const LOG_MS = 300;

/** Loads the suite with all that clients do, and judges whether what it took for that has gone back when they are gone. */
export async function runSoak({ minutes, seed, clients, say, progress }: SoakOptions): Promise<Verdict[]> {
  const random = createRandom(seed);
  await using stage = await startStage();
  const { suite, ways } = stage;
  using stack = new DisposableStack();
  const processes = [
    { name: 'router', process: suite.router },
    { name: 'gatewayserver', process: suite.gatewayserver },
  ];
  const errors = createLoggedErrors(processes);
  const log = setInterval(errors.read, LOG_MS);
  stack.defer(() => clearInterval(log));
  const watched: Watched[] = [];
  for (const { name, process } of processes) watched.push(stack.use(await watch(name, process)));
  const pids = processes.map(({ process }) => process.pid);
  const standstill = stack.use(watchStandstill());

  const allMs = minutes * 60_000;
  const warmUpMs = Math.min(MOST_WARM_UP_MS, allMs / 4);
  const load = (ms: number, rudeMs: number) =>
    runSoakClients({
      clients,
      ways,
      random: random.fork(),
      polite: AbortSignal.timeout(Math.max(0, rudeMs)),
      over: AbortSignal.timeout(ms),
    });
  progress('warm-up: polite clients only');
  const warmedUp = await load(warmUpMs, 0);
  // Asked as it is asked afterwards: who asks keeps connections, too.
  await atRest(suite, stage.clusters, suite.databaseUrl);
  await untilGone(stage);
  const before = await figures(watched);
  progress('load');
  const seen = await load(allMs - warmUpMs, allMs - warmUpMs - LAST_POLITE_MS);
  say(`done: ${counted(seen)}`);
  say(
    `this process stood still for ${(standstill.longestMs() / 1_000).toFixed(1)} s at most, clients and clusters with it`,
  );
  progress('coming to rest');
  await cancelQueued(suite);
  const unrest = await atRest(suite, stage.clusters, suite.databaseUrl);
  const left = await untilGone(stage);
  const after = await figuresAtRest(watched, before);
  const lines = errors.lines();
  const ended = processes.filter(({ process }, at) => process.pid !== pids[at] || !isRunning(process.pid));
  return [
    ...clientVerdicts([...warmedUp.complaints, ...seen.complaints], seen.done, KINDS),
    { name: 'no slot, place or open row remains', holds: unrest === undefined, text: unrest ?? 'none' },
    { name: 'the router has nothing of its clients', holds: left === undefined, text: left ?? 'nothing' },
    ...before.flatMap((first, at) => processVerdicts(first, after[at] ?? first)),
    { name: 'no process logged an error', holds: lines.length === 0, text: lines.slice(0, 3).join('; ') || 'none' },
    { name: 'no process ended', holds: ended.length === 0, text: ended.map(({ name }) => name).join(', ') || 'none' },
  ];
}

/** Why something of the clients is left, once the clusters have closed what nobody uses. */
async function untilGone({ suite, clusters }: Stage): Promise<string | undefined> {
  return untilNothingIsLeft(suite.router.opsUrl).then(
    () => {
      for (const { trino } of clusters) trino.closeIdleConnections();
      return undefined;
    },
    (error: Error) => error.message,
  );
}

async function figures(watched: readonly Watched[]): Promise<ProcessFigures[]> {
  return Promise.all(
    watched.map(async (one) => ({ kind: one.kind, open: await one.open(), memory: await one.memory() })),
  );
}

/** Once nothing is open that was not before, or a while later. */
async function figuresAtRest(
  watched: readonly Watched[],
  before: readonly ProcessFigures[],
): Promise<ProcessFigures[]> {
  return Promise.all(
    watched.map(async (one, at) => {
      const open = await one.openAtRest(before[at]?.open ?? new Map());
      return { kind: one.kind, open, memory: await one.memory() };
    }),
  );
}

const counted = ({ done }: SoakSeen) => KINDS.map((kind) => `${kind} ${done.get(kind) ?? 0}`).join(', ');

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
