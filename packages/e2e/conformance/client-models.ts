/** A page as it came, before any type is put on it. */
export type RawPage = Record<string, unknown>;

/** What a client without a test of its own here needs of a page; says what is missing. `at` 0 is the answer to the submission. */
export type ClientModel = (page: RawPage, at: number) => string[];

const missing = (page: RawPage, what: string, names: readonly string[]) =>
  names.filter((name) => page[name] === undefined || page[name] === null).map((name) => `${what}.${name}`);

/** The fields of `stats` that the Rust client declares without a default (prusto, `models/stat.rs`). */
const prustoStats = [
  ...['state', 'queued', 'scheduled', 'nodes', 'totalSplits', 'queuedSplits', 'runningSplits', 'completedSplits'],
  ...['cpuTimeMillis', 'wallTimeMillis', 'queuedTimeMillis', 'elapsedTimeMillis', 'processedRows', 'processedBytes'],
  ...['peakMemoryBytes', 'spilledBytes'],
];

/** By what their sources read of a page. */
export const clientModels = {
  /** Takes a key for its value: one that is null counts as present. The submission must lead on. */
  'trino-odbc': (page, at) => [
    ...['error', 'data', 'nextUri', 'columns'].filter((name) => name in page && page[name] === null),
    ...(at === 0 ? missing(page, 'page', ['nextUri']) : []),
  ],
  'presto-client': (page, at) => (at === 0 ? missing(page, 'page', ['id', 'nextUri', 'infoUri']) : []),
  prusto: (page) => {
    const failure = (page.error as RawPage | undefined)?.failureInfo as RawPage | undefined;
    return [
      ...missing(page, 'page', ['id', 'infoUri', 'stats', 'warnings']),
      ...missing(page.stats as RawPage, 'stats', prustoStats),
      ...('error' in page ? missing(failure ?? {}, 'failureInfo', ['type', 'suppressed', 'stack']) : []),
    ];
  },
} as const satisfies Record<string, ClientModel>;
