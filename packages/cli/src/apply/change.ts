import type { Gateway } from '../connection/gateway.ts';

/** What became of an object, or would. */
export type Outcome = 'created' | 'changed' | 'unchanged';

/** One object, and the call that brings it about. */
export type Change = {
  /** What it is called: `backend "a"`. */
  readonly name: string;
  /** What is expected to become of it. */
  readonly expected: Outcome;
  /** Puts it unless nothing would change. @returns what became of it */
  write(gateway: Gateway): Promise<Outcome>;
};
