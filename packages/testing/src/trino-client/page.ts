/** A page as a Trino client reads it. */
export type Page = {
  id: string;
  infoUri: string;
  nextUri?: string;
  columns?: { name: string; type: string }[];
  data?: unknown[][];
  stats: { state: string };
  error?: { message: string; errorCode: number; errorName: string; errorType: string };
};

/** Answers after which Trino asks its clients to repeat a request. */
export const BUSY: ReadonlySet<number> = new Set([502, 503, 504]);
