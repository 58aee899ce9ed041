import { expect, test } from '@jest/globals';
import { clientVerdicts, processVerdicts } from './verdicts.ts';

const BEFORE = {
  kind: 'router',
  open: new Map([
    ['sockets', 5],
    ['Timeout', 3],
  ]),
  memory: { heapMb: 40, buffersMb: 2, residentMb: 100 },
};
const broken = (after: typeof BEFORE) =>
  processVerdicts(BEFORE, after)
    .filter(({ holds }) => !holds)
    .map(({ name, text }) => `${name}: ${text}`);

test('a process is at rest with what it had, or less', () => {
  expect(broken(BEFORE)).toEqual([]);
  expect(broken({ ...BEFORE, open: new Map([['sockets', 4]]) })).toEqual([]);
});

test('one socket too many is told, and so is a handle of a kind that was not there', () => {
  const open = new Map([
    ['sockets', 6],
    ['Timeout', 3],
    ['FSReqCallback', 1],
  ]);
  expect(broken({ ...BEFORE, open })).toEqual([
    'router: sockets, timers and other handles: sockets 5 → 6, Timeout 3 → 3, FSReqCallback 0 → 1',
  ]);
});

test('buffers and memory that have grown by more than is remembered are told', () => {
  const memory = { heapMb: 70, buffersMb: 40, residentMb: 300 };
  expect(broken({ ...BEFORE, memory })).toEqual([
    'router: buffers: 2.0 MB before, 40.0 MB after',
    'router: memory in use: 40.0 MB before, 70.0 MB after',
    'router: resident memory: 100.0 MB before, 300.0 MB after',
  ]);
});

test('a complaint, and a kind of client that did nothing, break the run', () => {
  const done = new Map([['polls', 3]]);
  expect(clientVerdicts([], done, ['polls']).every(({ holds }) => holds)).toBe(true);
  expect(clientVerdicts(['polls: 502'], done, ['polls', 'gzip']).map(({ text }) => text)).toEqual([
    '1: polls: 502',
    'gzip',
  ]);
});
