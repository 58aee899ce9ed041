import { expect, test } from '@jest/globals';
import { readEvidence } from './read-evidence.ts';

const ID = {
  first: '20261130_100000_00001_aaaaa',
  second: '20261130_100000_00002_aaaaa',
  other: '20261130_095959_00009_aaaaa',
};
const TX = { own: '11111111-1111-1111-1111-111111111111', open: '22222222-2222-2222-2222-222222222222' };
const NOW = 1_700_000_000;
const [asking, running] = [
  [ID.first, 'RUNNING', false, NOW],
  [ID.other, 'FINISHING', true, NOW],
];
const [own, ofRunning, open] = [
  [TX.own, true, NOW + 0.2],
  [TX.own, true, NOW - 60],
  [TX.open, false, NOW - 60],
];

type Rows = unknown[][];
const first = (rows: Rows, queryId = ID.first) => ({ queryId, rows, error: undefined });
const second = (rows: Rows, queryId = ID.second) => ({ queryId, rows, error: undefined });
const denied = {
  ...second([]),
  error: { message: 'Access Denied: x', errorCode: 4, errorName: 'PERMISSION_DENIED', errorType: 'USER_ERROR' },
};
const read = (
  ...[queries, transactions]: [
    Parameters<typeof readEvidence>[0]['queries'],
    ...Parameters<typeof readEvidence>[0]['transactions'][],
  ]
) => readEvidence({ queries, transactions: transactions ?? second([own]) });
const counts = ({ queries, transactions }: ReturnType<typeof readEvidence>) => [queries?.count, transactions?.count];

test('the question itself and its transaction are not counted, and prove that nothing else is there', () => {
  const evidence = read(first([asking]), second([own]));
  expect(evidence).toMatchObject({
    coordinatorId: 'aaaaa',
    queries: { count: 0, ids: [] },
    transactions: { count: 0 },
  });
});

test('queries of others in any state that is not final, and open transactions, are listed', () => {
  expect(read(first([running, asking]), second([own, ofRunning, open]))).toMatchObject({
    queries: { count: 1, ids: [ID.other] },
    transactions: { count: 1, ids: [TX.open] },
  });
});

test('of long lists all are counted and a hundred named', () => {
  const many = Array.from({ length: 250 }, (_, at) => [`20261130_100000_${10_000 + at}_aaaaa`, 'QUEUED', true, NOW]);
  const { queries } = read(first([...many, asking]), second([own]));
  expect([queries?.count, queries?.ids.length]).toEqual([250, 100]);
});

test.each([
  ['no rows at all', first([]), second([])],
  ['rows of something else', first([[5]]), second([['x']])],
  ['a null where a state was asked for', first([[ID.first, null, false, NOW]]), second([[null, true, NOW]])],
  ['the answers of two incarnations', first([asking]), second([own], '20261130_100100_00000_bbbbb')],
  ['an id that no coordinator draws', first([asking], 'nonsense'), second([own], '20261130_100000_00002_0l1oo')],
  ['lists that do not show who asked', first([running]), second([open])],
  ['a refusal', denied, denied],
  ['no answer', { problem: 'no answer within 10 s' }, { problem: 'no answer within 10 s' }],
] as const)('%s is never taken for nothing', (_, queries, transactions) => {
  const evidence = read(queries as never, transactions as never);
  expect(counts(evidence)).toEqual([undefined, undefined]);
  expect(evidence.queries?.problem).not.toBe('');
  expect(evidence.transactions?.problem).not.toBe('');
});

test('what could be read counts although the other could not', () => {
  expect(counts(read(first([running, asking]), denied))).toEqual([1, undefined]);
  expect(counts(read(denied, second([own, open])))).toEqual([undefined, 1]);
});

test('queries of another incarnation in its list come from more than one coordinator', () => {
  const stranger = ['20261130_100000_00001_bbbbb', 'RUNNING', true, NOW];
  expect(counts(read(first([asking, stranger]), second([own])))).toEqual([undefined, 0]);
});

test('a cluster that shows its reader only a part of the queries has more transactions of single statements', () => {
  const hiding = read(first([asking]), second([own, ofRunning]));
  expect(hiding.queries?.problem).toContain('runs 1 statements more than it shows');
  expect(counts(read(first([asking, running]), second([own, ofRunning])))).toEqual([1, 0]);
  // Begun after the question: it need not be in the list.
  expect(counts(read(first([asking]), second([own, [TX.open, true, NOW + 0.1]])))).toEqual([0, 0]);
  // Who does not say since when may have begun before it.
  expect(counts(read(first([asking]), second([own, [TX.open, true, null]])))).toEqual([undefined, 0]);
});
