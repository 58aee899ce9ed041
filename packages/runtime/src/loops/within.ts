/** Waits for work, but no longer than so many milliseconds. Its signal is aborted then; work that goes on is not waited for. */
export async function within(limitMs: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    limit.abort();
    over.resolve();
  }, limitMs);
  try {
    await Promise.race([work(limit.signal), over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
