import { expect, test } from '@jest/globals';
import { readSeries } from './open-metrics.ts';

const read = (text: string, ...asked: string[]) => Object.fromEntries(readSeries(text, new Set(asked)));

// As a Trino 476 answers, cut.
const OF_476 = `# TYPE trino_execution_name_QueryManager_RunningQueries gauge
trino_execution_name_QueryManager_RunningQueries 3.0
# TYPE trino_execution_name_QueryManager_QueuedQueries gauge
trino_execution_name_QueryManager_QueuedQueries 0.0
# TYPE trino_sql_planner_iterative_name_IterativeOptimizer_rule_PruneSpatialJoinColumns_Time summary
trino_sql_planner_iterative_name_IterativeOptimizer_rule_PruneSpatialJoinColumns_Time{quantile="0.5"} NaN
# TYPE java_lang_type_Runtime_StartTime gauge
java_lang_type_Runtime_StartTime 1.795843E12
# EOF
`;

test('the series that are asked for are read, and only those', () => {
  expect(read(OF_476, 'trino_execution_name_QueryManager_RunningQueries', 'java_lang_type_Runtime_StartTime')).toEqual({
    trino_execution_name_QueryManager_RunningQueries: 3,
    java_lang_type_Runtime_StartTime: 1.795843e12,
  });
  expect(read(OF_476, 'trino_execution_name_QueryManager')).toEqual({});
});

test.each([
  ['with labels', 'a{b="c",d="e"} 1', 'a{b="c",d="e"}', 1],
  ['with a blank, a brace and a quote in a label', 'a{b="c d}\\"e"} 2', 'a{b="c d}\\"e"}', 2],
  ['with a time', 'a 3 1795843000.5', 'a', 3],
  ['after a tab, before CR', 'a\t4\r', 'a', 4],
  ['negative', 'a -1.5e-3', 'a', -0.0015],
  ['without a digit before the dot', 'a +.5', 'a', 0.5],
])('a value is read %s', (_how, line, series, value) => expect(read(line, series)).toEqual({ [series]: value }));

test.each([
  'a NaN',
  'a +Inf',
  'a -Inf',
  'a Infinity',
  'a 0x10',
  'a 1,5',
  'a one',
  'a 1e999',
  'a 1_000',
  `a ${'9'.repeat(400)}`,
])('%j is no number', (line) => expect(() => read(line, 'a')).toThrow('a is no number'));

test('a series that is there twice is not guessed', () => {
  expect(() => read('a 1\na 1', 'a')).toThrow('a is there twice');
  expect(read('a{b="1"} 1\na{b="2"} 2', 'a{b="2"}')).toEqual({ 'a{b="2"}': 2 });
});

test.each([
  '',
  '# a 1',
  'a',
  'a{b="c" 1',
  'a{b="c} 1',
  '{b="c"} 1',
  'a 1 2 3',
  ' a 1',
  '<html>a 1</html>',
  'ab 1',
  'a{} 1',
])('%j says nothing about it', (line) => expect(read(line, 'a')).toEqual({}));

test('a long answer of somebody else takes no time', () => {
  const start = performance.now();
  read(`a{${'b="'.repeat(100_000)}\n${'"'.repeat(100_000)}\n${'a{b="c",'.repeat(50_000)}`, 'a');
  expect(performance.now() - start).toBeLessThan(2_000);
});
