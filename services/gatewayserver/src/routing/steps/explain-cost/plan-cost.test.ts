import { describe, expect, test } from '@jest/globals';
import { planCost } from './plan-cost.ts';

type Estimate = [rows: unknown, bytes: unknown, cpu: unknown, memory?: unknown, network?: unknown];
type Node = { name: string; descriptor?: object; estimates: object[]; children: Node[] };
const node = (name: string, estimates: Estimate[], ...children: Node[]): Node => ({
  name,
  estimates: estimates.map(([outputRowCount, outputSizeInBytes, cpuCost, memoryCost = 0, networkCost = 0]) => ({
    ...{ outputRowCount, outputSizeInBytes, cpuCost, memoryCost, networkCost },
  })),
  children,
});
const remote = (name: string, ...ids: number[]): Node => ({
  ...node(name, []),
  descriptor: { sourceFragmentIds: `[${ids.join(', ')}]` },
});
const cost = (...fragments: Node[]) => planCost(JSON.stringify(Object.fromEntries(fragments.entries())));
const scan = node('TableScan', [[100, 1_000, 1_000]]);
const unknownCost = { cpu: undefined, memory: undefined, network: undefined, rows: undefined, bytes: undefined };

describe('measures are summed over the nodes of all fragments', () => {
  test('as Trino 476 explains SELECT count(*) FROM lineitem: what a partial aggregation costs is bounded by its input', () => {
    const partial: Estimate = [1, 9, 'NaN', 'NaN', 'NaN'];
    const plan = [
      node(
        'Output',
        [[1, 9, 0]],
        node('Aggregate', [[1, 9, 9, 9]], node('LocalExchange', [[1, 9, 0]], remote('RemoteSource', 1))),
      ),
      node('Aggregate', [partial], node('TableScan', [[60_175, 541_575, 541_575]])),
    ];
    expect(cost(...plan)).toEqual({
      cpu: 9 + 541_575 + 541_575,
      memory: 9 + 541_575,
      network: 9,
      rows: 1 + 1 + 1 + 1 + 60_175,
      bytes: 9 * 4 + 541_575,
    });
  });

  test('a scan whose filter Trino cannot estimate hands on at most what it reads', () => {
    const filtered = node('ScanFilter', [
      [25, 2_734, 2_734],
      ['NaN', 'NaN', 2_734],
    ]);
    expect(cost(node('Output', [['NaN', 'NaN', 0]], filtered))).toMatchObject({ cpu: 5_468, rows: 75, bytes: 8_202 });
  });

  test('writing a table costs what is written', () => {
    const output = node('Output', [['NaN', 'NaN', 0]], node('TableCommit', [], remote('RemoteSource', 1)));
    const plan = [output, node('TableWriter', [], remote('RemoteSource', 2)), scan];
    expect(cost(...plan)).toMatchObject({ cpu: 3_000, memory: 0, network: 2_000, rows: 400, bytes: 4_000 });
  });

  test('a plan that is not distributed is its root', () => {
    expect(planCost(JSON.stringify(scan))).toMatchObject({ rows: 100, cpu: 1_000 });
  });

  test('infinity is very large', () => {
    expect(cost(node('CrossJoin', [['Infinity', 10, 1]], scan))).toMatchObject({
      rows: Number.POSITIVE_INFINITY,
      bytes: 1_010,
    });
  });
});

describe('what Trino does not know never counts as nothing', () => {
  test.each<[string, Node[]]>([
    ['a table without statistics', [node('TableScan', [['NaN', 'NaN', 'NaN', 'NaN', 'NaN']])]],
    ['a table without estimates', [node('TableScan', [])]],
    [
      'a filter over it',
      [node('Output', [['NaN', 'NaN', 0, 0, 'NaN']], node('ScanFilter', [[] as unknown as Estimate]))],
    ],
    ['a table function', [node('LeafTableFunctionScan', [])]],
    ['a join of unknown size', [node('InnerJoin', [['NaN', 'NaN', 'NaN', 'NaN', 'NaN']], scan, scan)]],
    ['UNNEST', [node('CrossJoin Unnest', [], scan)]],
    ['a node that is new to us', [node('Multiply', [], scan)]],
    ['a fragment that is missing', [node('Output', [], remote('RemoteSource', 7))]],
    ['a source without fragments', [node('Output', [], remote('RemoteSource'))]],
    [
      'fragments in a circle',
      [node('Output', [], remote('RemoteSource', 1)), node('Limit', [], remote('RemoteMerge', 0))],
    ],
  ])('%s', (_, fragments) => {
    expect(cost(...fragments)).toMatchObject({ rows: undefined, bytes: undefined, cpu: undefined });
  });

  test.each([-1, '-Infinity', 'nan', '1e9', null, true, {}, [1], ''])('an estimate of %j is unknown', (rubbish) => {
    expect(cost(node('TableScan', [[rubbish, rubbish, rubbish, rubbish, rubbish]]))).toEqual(unknownCost);
  });

  test('each measure by itself', () => {
    const known = { memory: 0, network: 0, rows: 10 };
    expect(cost(node('TableScan', [[10, 'NaN', 5]]))).toEqual({ ...known, cpu: 5, bytes: undefined });
    expect(cost(node('TableScan', [[10, 7, 'NaN']]))).toEqual({ ...known, cpu: undefined, bytes: 7 });
  });

  test('a count of unknown rows, which Trino 476 takes to read nothing', () => {
    const counted = node('Aggregate', [], node('TableScan', [['NaN', 0, 0]]));
    expect(cost(counted)).toMatchObject({ cpu: undefined, rows: undefined, bytes: undefined });
  });
});

test.each([
  ['nothing', ''],
  ['the statement itself, as for SET SESSION', "SET SESSION query_max_run_time = '1h'"],
  ['HTML', '<html>'],
  ['a half plan', '{"0":{"name":"Output","children":[{'],
  ['NaN that is no text', '{"0":{"name":"TableScan","estimates":[{"cpuCost":NaN}],"children":[]}}'],
  ['an empty object', '{}'],
  ['a list', '[]'],
  ['a number', '1e999'],
  ['null', 'null'],
  ['a node without name', '{"0":{"children":[]}}'],
  ['children that are none', '{"0":{"name":"Output","children":{"a":1}}}'],
  ['JSON nested too deep', `{"0":{"name":"Output","children":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`],
  ['TYPE IO', '{"inputTableColumnInfos":[],"estimate":{"cpuCost":1}}'],
])('%s is no plan', (_, text) => {
  expect(planCost(text)).toBeUndefined();
});

test('a plan of 500 joins, one below the other, is read', () => {
  let deep = scan;
  for (let at = 0; at < 480; at += 1) deep = node('InnerJoin', [[1, 1, 1]], deep);
  expect(cost(deep)?.cpu).toBe(1_480);
});

test('a fragment that many others read counts once', () => {
  const wide = node('Output', [[1, 1, 1]], ...Array.from({ length: 1_000 }, () => remote('RemoteSource', 1)));
  expect(cost(wide, scan)?.cpu).toBe(1_001);
});
