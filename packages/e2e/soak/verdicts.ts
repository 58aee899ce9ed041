import type { Verdict } from '../chaos/verdicts.ts';
import { exceeding, type Memory, type Open } from './figures.ts';

/** What a process has open, and what of its memory is in use. */
export type ProcessFigures = { kind: string; open: Open; memory: Memory };

/** Buffers that a pool keeps, and those of the last answers of each kept connection. */
const KEPT_BUFFERS_MB = 4;
/** Ends of queries are remembered for a while, as links that come late must be answered. */
const REMEMBERED_MB = 24;
/** Pages of memory that an allocator does not give back. */
const MOST_RESIDENT_GROWTH = 1.2;
const RESIDENT_MB = 60;
const MOST_TOLD = 3;

/** Nothing is open that was not, and memory is where it was but for what is remembered on purpose. */
export function processVerdicts(
  { kind, open: began, memory: before }: ProcessFigures,
  { open: ended, memory: after }: ProcessFigures,
): Verdict[] {
  const more = exceeding(ended, began);
  const grown = (name: string, first: number, last: number, most: number): Verdict => ({
    name: `${kind}: ${name}`,
    holds: last <= most,
    text: `${first.toFixed(1)} MB before, ${last.toFixed(1)} MB after`,
  });
  return [
    {
      name: `${kind}: sockets, timers and other handles`,
      holds: more.length === 0,
      text: [...new Set([...began.keys(), ...ended.keys()])]
        .map((name) => `${name} ${began.get(name) ?? 0} → ${ended.get(name) ?? 0}`)
        .join(', '),
    },
    grown('buffers', before.buffersMb, after.buffersMb, before.buffersMb + KEPT_BUFFERS_MB),
    grown('memory in use', before.heapMb, after.heapMb, before.heapMb + REMEMBERED_MB),
    grown(
      'resident memory',
      before.residentMb,
      after.residentMb,
      before.residentMb * MOST_RESIDENT_GROWTH + RESIDENT_MB,
    ),
  ];
}

/** Every client got what it had to get, and each kind of them did something at all. */
export function clientVerdicts(
  complaints: readonly string[],
  done: ReadonlyMap<string, number>,
  kinds: readonly string[],
): Verdict[] {
  const idle = kinds.filter((kind) => (done.get(kind) ?? 0) === 0);
  return [
    {
      name: 'every client got the right answers',
      holds: complaints.length === 0,
      text: complaints.length === 0 ? 'all' : `${complaints.length}: ${complaints.slice(0, MOST_TOLD).join('; ')}`,
    },
    { name: 'every kind of client did something', holds: idle.length === 0, text: idle.join(', ') || 'all' },
  ];
}
