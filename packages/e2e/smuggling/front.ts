import { PLACES } from './cases/request-case.ts';
import type { Connect } from './wire/raw-client.ts';
import type { Recorder } from './wire/recorder.ts';

/** An address under test, and the coordinators that it leads to. */
export type Front = {
  name: string;
  /** The authority that its clients use. */
  authority: string;
  /** The only thing that differs for TLS, or for another way through the same address. */
  connect: Connect;
  /** Where what clients send arrives, and whose answers are as written; they may be the same. */
  requests: Recorder;
  answers: Recorder;
};

/** What became of a case: in few words, and what of it is not as it must be. */
export type Finding = { id: string; saw: string; problems: readonly string[]; ms: number };

/** Calls it for every item, so many at a time. */
export async function inParallel<T, R>(
  items: readonly T[],
  atATime: number,
  call: (item: T, at: number) => Promise<R>,
): Promise<R[]> {
  const found: R[] = [];
  const rest = items.entries();
  const worker = async () => {
    for (const [at, item] of rest) found[at] = await call(item, at);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return found;
}

/** A machine that is busy may take its time; what ends by itself ends much sooner. */
export const PATIENCE_MS = 15_000;

/** What stands in the places of a case; cases that run at the same address have numbers of their own. */
export function fillerOf(front: Front, number: number, recorder: Front['requests']) {
  const token = `t${String(number).padStart(5, '0')}x`;
  const fill = (text: string) =>
    text
      .replaceAll(PLACES.token, token)
      .replaceAll(PLACES.suffix, recorder.suffix)
      .replaceAll(PLACES.authority, front.authority);
  return { token, fill };
}
