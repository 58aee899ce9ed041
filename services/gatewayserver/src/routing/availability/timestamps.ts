/** A time of the contract as epoch milliseconds; 0 when absent. */
export function epochMs(time: { seconds: bigint; nanos: number } | undefined): number {
  return time ? Number(time.seconds) * 1_000 + time.nanos / 1_000_000 : 0;
}

/** Epoch milliseconds as people read them. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
