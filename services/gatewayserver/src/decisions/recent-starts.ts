/** How many queries were started on each backend, and when. */
export type RecentStarts = {
  note(backendId: string): void;
  /** How many were started since that moment. */
  since(backendId: string, since: number): number;
  /** When the last one was, epoch milliseconds; 0 without any. */
  lastAt(backendId: string): number;
};

const SLICE_MS = 250;
/** Longer than a load sample that still counts as known can be old. */
const REMEMBERED_MS = 300_000;

/** None. Moments are told apart by a quarter of a second. */
export function createRecentStarts(now: () => number): RecentStarts {
  const starts = new Map<string, { slice: number; count: number }[]>();
  const lastAt = new Map<string, number>();
  return {
    note(backendId) {
      lastAt.set(backendId, now());
      const slice = Math.floor(now() / SLICE_MS);
      const slices = starts.get(backendId) ?? [];
      if (slices.length === 0) starts.set(backendId, slices);
      const last = slices.at(-1);
      if (last?.slice === slice) last.count++;
      else slices.push({ slice, count: 1 });
      while ((slices[0]?.slice ?? slice) < slice - REMEMBERED_MS / SLICE_MS) slices.shift();
    },
    since(backendId, since) {
      const slices = starts.get(backendId);
      let started = 0;
      for (let at = (slices?.length ?? 0) - 1; at >= 0; at--) {
        const found = slices?.[at];
        if (!found || found.slice * SLICE_MS < since) break;
        started += found.count;
      }
      return started;
    },
    lastAt: (backendId) => lastAt.get(backendId) ?? 0,
  };
}
