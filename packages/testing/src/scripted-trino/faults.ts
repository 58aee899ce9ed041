import type { ScriptedError } from './statement-script.ts';

/** A request as the scripted Trino got it. */
export type RecordedRequest = {
  method: string;
  /** Path and query, as written on the request line. */
  path: string;
  rawHeaders: readonly string[];
  /** Empty for everything but POST and PUT. */
  body: string;
  /** Epoch milliseconds. */
  at: number;
};

/** What happens instead of, or to, the right answer. */
export type FaultAction =
  /** This answer and no other; nothing else happens. */
  | { kind: 'status'; status: number; headers?: readonly (readonly [string, string])[]; body?: string }
  /** The connection is reset before a byte is answered. */
  | { kind: 'reset' }
  /** No byte is ever answered; the connection stays open. */
  | { kind: 'silence' }
  /** The right answer, this many milliseconds late. */
  | { kind: 'slow'; ms: number }
  /** The first bytes of the right answer under its full length, then the connection is reset. */
  | { kind: 'broken-page'; bytes: number }
  /** The first bytes of the right answer, then nothing more while the connection stays open. */
  | { kind: 'stalled-page'; bytes: number }
  /** The right answer under another content type. */
  | { kind: 'content-type'; value: string }
  /** The polled query fails with this; on a submission, the submitted one. */
  | { kind: 'fail'; error: ScriptedError };

/** Which requests a fault hits, and how often. */
export type Fault = {
  on: 'submit' | 'poll' | 'info' | 'any' | ((request: RecordedRequest) => boolean);
  /** How many requests it hits before it is over; 1 unless given, `Infinity` until it is removed. */
  times?: number;
  action: FaultAction;
};

/** The faults still to come, oldest first. */
export class Faults {
  #faults: { fault: Fault; left: number }[] = [];

  /** Adds one; what is returned takes it away again. */
  add(fault: Fault): () => void {
    const entry = { fault, left: fault.times ?? 1 };
    this.#faults.push(entry);
    return () => {
      this.#faults = this.#faults.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#faults = [];
  }

  /** The action for this request, used up by one. */
  take(request: RecordedRequest): FaultAction | undefined {
    if (this.#faults.length === 0) return undefined;
    const entry = this.#faults.find(({ fault }) => hits(fault.on, request));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#faults = this.#faults.filter((other) => other !== entry);
    return entry.fault.action;
  }
}

function hits(on: Fault['on'], request: RecordedRequest): boolean {
  if (typeof on === 'function') return on(request);
  if (on === 'any') return true;
  if (on === 'info') return request.path.startsWith('/v1/info');
  if (on === 'submit') return request.method === 'POST' && request.path === '/v1/statement';
  return request.method === 'GET' && request.path.startsWith('/v1/statement/');
}
