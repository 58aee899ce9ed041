import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { residentMb } from '@trino-gateway/testing/processes/process-cost';
import { until } from '@trino-gateway/testing/processes/until';
import type { ServiceProcess } from '@trino-gateway/testing/suite/start-service';
import { type Debugger, openDebugger } from '../chaos/processes/debugger.ts';

/** What a process has open: sockets, and what keeps its event loop going, by kind. */
export type Open = ReadonlyMap<string, number>;

/** What of its memory is in use once its garbage has been collected, in megabytes, and what is resident. */
export type Memory = { heapMb: number; buffersMb: number; residentMb: number };

/** One process that is watched. */
export type Watched = Disposable & {
  readonly kind: string;
  /** The most of each within a while in which nothing becomes less: calls and their time limits come and go at rest, too. */
  open(): Promise<Open>;
  /** Waits until it has no more of anything than that; answers what it has then, or has after a while. */
  openAtRest(most: Open): Promise<Open>;
  memory(): Promise<Memory>;
};

const LOOKS = 15;
const LOOK_MS = 200;
/** What was freed closes with the next turn of a timer: the slowest come every half minute. */
const REST_MS = 40_000;
const MB = 1_048_576;

const EXPRESSION = 'JSON.stringify({ handles: process.getActiveResourcesInfo(), memory: process.memoryUsage() })';

type Told = { handles: string[]; memory: { heapUsed: number; external: number; arrayBuffers: number } };

export async function watch(kind: string, process: ServiceProcess): Promise<Watched> {
  const opened = await openDebugger(process);
  const look = async () => openNow(process.pid, (await evaluate(opened)).handles);
  return {
    kind,
    open: async () => {
      for (let before = await mostOf(look); ; ) {
        const most = await mostOf(look);
        if (exceeding(before, most).length === 0) return most;
        before = most;
      }
    },
    openAtRest: async (most) => {
      let last: Open = new Map();
      const isAtRest = async () => {
        last = await look();
        return exceeding(last, most).length === 0;
      };
      await until(`${kind} to be at rest`, isAtRest, REST_MS, LOOK_MS).catch(() => {});
      return last;
    },
    memory: async () => {
      // Once more: what finalizers let go of is collected by the next.
      for (let times = 0; times < 2; times++) await opened.ask('HeapProfiler.collectGarbage');
      const { memory } = await evaluate(opened);
      const buffersMb = memory.arrayBuffers / MB;
      return { heapMb: memory.heapUsed / MB, buffersMb, residentMb: residentMb(process.pid) };
    },
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

async function mostOf(look: () => Promise<Open>): Promise<Open> {
  const most = new Map<string, number>();
  for (let looks = 0; looks < LOOKS; looks++) {
    for (const [name, count] of await look()) most.set(name, Math.max(most.get(name) ?? 0, count));
    await delay(LOOK_MS);
  }
  return most;
}

/** The kinds of which there are more. */
export function exceeding(open: Open, most: Open): string[] {
  return [...open].filter(([name, count]) => count > (most.get(name) ?? 0)).map(([name]) => name);
}

async function evaluate(opened: Debugger): Promise<Told> {
  const answer = await opened.ask('Runtime.evaluate', { expression: EXPRESSION, returnByValue: true });
  return JSON.parse((answer as { result: { value: string } }).result.value) as Told;
}

function openNow(pid: number, handles: readonly string[]): Open {
  const open = new Map([['sockets', socketsOf(pid)]]);
  for (const name of handles) open.set(name, (open.get(name) ?? 0) + 1);
  return open;
}

function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith('socket:');
    } catch {
      return false; // closed meanwhile
    }
  }).length;
}
