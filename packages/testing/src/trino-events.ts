type Fields = Record<string, unknown>;

/** What differs between the events of a test; the rest is as Trino 476 sends it. */
export type EventParts = {
  queryId?: unknown;
  metadata?: Fields;
  context?: Fields;
  statistics?: Fields;
  failureInfo?: Fields | undefined;
  [field: string]: unknown;
};

export const QUERY_ID = '20261121_080808_00130_93wed';

const metadata = (queryId: unknown) => ({
  queryId,
  transactionId: '6ba7b810-9dad-41d1-80b4-00c04fd430c8',
  query: 'SELECT * FROM tpch.tiny.nation',
  queryState: 'FINISHED',
  tables: [],
  routines: [],
  uri: `http://127.0.0.1:8080/v1/query/${String(queryId)}`,
  plan: 'Fragment 0 [SINGLE]\n    Output layout: [nationkey]\n',
});

const context = {
  user: 'mallory',
  originalUser: 'mallory',
  groups: [],
  remoteClientAddress: '127.0.0.1',
  clientTags: ['lies'],
  clientCapabilities: [],
  source: 'not-what-the-router-said',
  timezone: 'UTC',
  resourceGroupId: 'global',
  sessionProperties: {},
  serverAddress: '127.0.0.1',
  serverVersion: '476',
  environment: 'sample',
  queryType: 'SELECT',
  retryPolicy: 'NONE',
};

const statistics = {
  cpuTime: 0.002,
  wallTime: 0.363,
  queuedTime: 0.001,
  peakUserMemoryBytes: 2048,
  outputBytes: 3000,
  outputRows: 25,
  writtenBytes: 0,
  writtenRows: 0,
  cumulativeMemory: 0.0,
  completedSplits: 5,
  complete: true,
  cpuTimeDistribution: [],
  operatorSummaries: ['{"stageId":0}'],
};

/** The event of a query that ended, as an object to be sent as JSON. */
export function completedEvent({ queryId = QUERY_ID, ...parts }: EventParts = {}): Fields {
  return {
    ioMetadata: { inputs: [] },
    createTime: '2026-11-21T08:08:08.217Z',
    executionStartTime: '2026-11-21T08:08:08.228Z',
    endTime: '2026-11-21T08:08:08.591Z',
    warnings: [],
    ...parts,
    metadata: { ...metadata(queryId), ...parts.metadata },
    context: { ...context, ...parts.context },
    statistics: { ...statistics, ...parts.statistics },
  };
}

/** The event of a query that was made. */
export function createdEvent(queryId = QUERY_ID): Fields {
  return { createTime: '2026-11-21T08:08:08.217Z', context, metadata: { ...metadata(queryId), queryState: 'QUEUED' } };
}

/** What makes a completed event one of a failed query. */
export const DIVIDED_BY_ZERO: EventParts = {
  metadata: { queryState: 'FAILED' },
  failureInfo: {
    errorCode: { code: 8, name: 'DIVISION_BY_ZERO', type: 'USER_ERROR', fatal: true },
    failureType: 'io.trino.spi.TrinoException',
    failureMessage: 'Division by zero',
    failuresJson:
      '{"type":"io.trino.spi.TrinoException","stack":["io.trino.operator.scalar.Math.divide(Math.java:1)"]}',
  },
};
