import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import {
  BackendStatus_State,
  BackendStatusSchema,
  type ConnectionReport,
  ConnectionReportSchema,
} from '@trino-gateway/api/gateway';
import { connectionState, isDoubted, isTried, openReports } from './connections.ts';

// Times in seconds, from a moment that is 0 here.
const START = 1_000_000;
const at = (seconds: number) => timestampFromMs(START + seconds * 1_000);

type Told = { by?: string; url?: string; id?: string; times: number; since?: number; last?: number; reached?: number };
const told = ({ by = 'r1', url = 'http://b', id = '', times, since, last = since, reached }: Told): ConnectionReport =>
  create(ConnectionReportSchema, {
    ...{ routerId: by, backendId: 'b', url, coordinatorId: id, failures: times, reason: by },
    ...(since !== undefined && { failingSince: at(since) }),
    ...(last !== undefined && { failedAt: at(last) }),
    ...(reached !== undefined && { reachedAt: at(reached) }),
  });

type Found = 'UP' | 'UNREACHABLE' | 'FAILING' | 'PROBATION';
type Probe = { state: Found; at: number; healthy?: boolean; since?: number; id?: string };
const found = ({ state, at: seconds, healthy = state === 'UP', since, id = '' }: Probe) =>
  create(BackendStatusSchema, {
    ...{ backendId: 'b', state: BackendStatus_State[state], healthy, coordinatorId: id },
    reportedAt: at(seconds),
    ...(since !== undefined && { healthySince: at(since) }),
  });

const facts = (reports: Told[], probe?: Probe) => ({
  url: 'http://b',
  reports: reports.map(told),
  status: probe && found(probe),
});
const before: Probe = { state: 'UP', at: -5, since: -500 };
const three: Told = { times: 3, since: 0, last: 1 };

test.each<[title: string, reports: Told[], probe: Probe | undefined, now: number, expected: string]>([
  ['nothing was told', [], before, 2, 'fine'],
  ['one failure is nothing yet', [{ times: 1, since: 0 }], before, 2, 'fine'],
  ['two are neither', [{ times: 2, since: 0 }], before, 2, 'fine'],
  ['three in a row take it away', [three], before, 2, 'failing'],
  ['also where no monitor ever looked', [three], undefined, 2, 'failing'],
  [
    'a single one does, once the monitor cannot connect either',
    [{ times: 1, since: 0 }],
    { state: 'UNREACHABLE', at: 1, healthy: true },
    2,
    'failing',
  ],
  [
    'not where it could not before',
    [{ times: 1, since: 0 }],
    { state: 'UNREACHABLE', at: -1, healthy: true },
    2,
    'fine',
  ],
  ['nor where it connects, and the statement failed', [{ times: 1, since: 0 }], { state: 'FAILING', at: 1 }, 2, 'fine'],
  [
    'the next probe that passes ends it: one query may try',
    [three],
    { state: 'UP', at: 1.5, since: -500 },
    2,
    'halfOpen',
  ],
  ['not one on probation', [three], { state: 'PROBATION', at: 1.5 }, 2, 'failing'],
  ['a word lasts for ten seconds where the monitor is silent', [three], before, 10.999, 'failing'],
  ['then one query may try', [three], before, 11, 'halfOpen'],
  ['after thirty seconds it is as before', [three], before, 31, 'fine'],
  [
    'what was contradicted once counts for nothing more, however often it is told',
    [{ times: 300, since: 0, last: 60 }],
    { state: 'UP', at: 1.5, since: -500 },
    61,
    'halfOpen',
  ],
  ['an answer to another router ends it for all', [three, { by: 'r2', times: 0, reached: 1 }], before, 2, 'fine'],
  [
    'and what one router goes on to tell does not take it away again',
    [
      { times: 99, since: 0, last: 50 },
      { by: 'r2', times: 0, reached: 1 },
    ],
    before,
    51,
    'fine',
  ],
  ['an answer from before does not', [three, { by: 'r2', times: 0, reached: -1 }], before, 2, 'failing'],
  [
    'two routers that both fail',
    [three, { by: 'r2', times: 3, since: 0.5, last: 1, reached: -2 }],
    before,
    2,
    'failing',
  ],
  [
    'a new row of failures after an answer counts anew',
    [{ times: 3, since: 5, last: 6, reached: 4 }],
    { state: 'UP', at: 3, since: -500 },
    7,
    'failing',
  ],
  ['a late word about a former address counts for nothing', [{ ...three, url: 'http://old' }], before, 2, 'fine'],
  [
    'an answer from a former address neither',
    [three, { by: 'r2', url: 'http://old', times: 0, reached: 1 }],
    before,
    2,
    'failing',
  ],
  [
    'a word about a former incarnation takes the present one from nobody',
    [{ ...three, id: 'aaaaa' }],
    { state: 'PROBATION', at: 1.5, healthy: true, id: 'bbbbb' },
    2,
    'halfOpen',
  ],
  ['about the present one it counts', [{ ...three, id: 'aaaaa' }], { ...before, id: 'aaaaa' }, 2, 'failing'],
  [
    'after a long outage, too, it comes back through one query',
    [{ times: 1, since: 0 }],
    { state: 'UP', at: 605, since: 600 },
    606,
    'halfOpen',
  ],
  ['for thirty seconds', [three], { state: 'UP', at: 630, since: 600 }, 630, 'fine'],
  [
    'until a router gets an answer',
    [
      { times: 1, since: 0 },
      { by: 'r2', times: 0, reached: 601 },
    ],
    { state: 'UP', at: 605, since: 600 },
    606,
    'fine',
  ],
])('%s', (_, reports, probe, now, expected) => {
  expect(connectionState(facts(reports, probe), START + now * 1_000).kind).toBe(expected);
});

test('a state says until when it holds if nobody tells anything new', () => {
  const state = (now: number) => connectionState(facts([three], before), START + now * 1_000);
  expect(state(2)).toMatchObject({ kind: 'failing', until: START + 11_000, report: { reason: 'r1' } });
  expect(state(12)).toMatchObject({ kind: 'halfOpen', until: START + 31_000, failedAt: START + 1_000 });
  expect(state(40)).toEqual({ kind: 'fine', until: Number.POSITIVE_INFINITY });
});

describe('whom the doubt makes look', () => {
  test.each<[title: string, reports: Told[], probe: Probe | undefined, monitor: boolean, routers: number]>([
    ['nobody while all is well', [], before, false, 0],
    ['all at the first failure', [{ times: 1, since: 0 }], before, true, 1],
    ['no more the monitor once a probe has passed', [three], { state: 'UP', at: 1 }, false, 1],
    ['nor once it has settled that it is down', [three], { state: 'UNREACHABLE', at: 1, healthy: false }, false, 1],
    ['the monitor while it is not sure', [three], { state: 'UNREACHABLE', at: 1, healthy: true }, true, 1],
    ['nobody once a router got an answer', [three, { by: 'r2', times: 0, reached: 1 }], before, false, 0],
    ['nobody for a former address', [{ ...three, url: 'http://old' }], before, false, 0],
  ])('%s', (_, reports, probe, monitor, routers) => {
    expect(isDoubted(facts(reports, probe))).toBe(monitor);
    expect(openReports(facts(reports, probe))).toHaveLength(routers);
  });
});

test.each<[string, number, number, number, boolean]>([
  ['nobody has tried it', 5, 0, 20, false],
  ['a query tries it', 5, 19, 20, true],
  ['it has an answer by now, or never gets one', 5, 10, 20, false],
  ['the one that was started before it came back is not a trial', 5, 4, 20, false],
  ['the trial has failed', 19.5, 19, 20, true],
  ['it failed a second ago', 19, 18, 20, false],
])('whether a query is trying it: %s', (_, failedAt, lastStartedAt, now, expected) => {
  expect(isTried({ from: 5_000, failedAt: failedAt * 1_000 }, lastStartedAt * 1_000, now * 1_000)).toBe(expected);
});
