/** What clients do: each name is one command of the program in Go. */
export type LoadName = 'polls' | 'queries' | 'submissions' | 'pages' | 'slow' | 'idle' | 'waiting';

/** Where clients connect; with TLS the file of the authority that they trust. */
export type Where = { url: string; ca?: string };

/** How much of it; what is not said is as the program has it. */
export type LoadOptions = {
  clients: number;
  seconds: number;
  /** Asks for gzip, and insists on it. */
  gzip?: boolean;
  /** Sent as planned at so many a second, and timed from the plan; else as fast as answers come. */
  rate?: number;
  /** What queries and submissions run; default SELECT 1. */
  statement?: string;
  /** Of idle and waiting clients: seconds before those that count, and seconds between two polls of one. */
  settle?: number;
  every?: number;
  /** What slow readers read together. */
  bytes?: number;
};

/** Told when what is measured begins and when it is over: connecting, preparing and cancelling lie outside. */
export type Watch = { begun?: () => void; over?: () => void };

/** One run: how many, how fast, how long each took, and what each cost the load itself. */
export type Run = {
  count: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  bytes: number;
  loadMicros: number;
};
