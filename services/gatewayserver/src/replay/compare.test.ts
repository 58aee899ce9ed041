import { expect, test } from '@jest/globals';
import { createComparing, type Shown } from './compare.ts';

const query = (id: string, text = 'SELECT 1'): Shown => ({ id, user: 'ann', source: 'cli', text });

test('a query stays where a draft allows the group it went to, whichever is first', () => {
  const comparing = createComparing(3);
  comparing.add(query('1'), { groupId: 'etl' }, { groupId: 'etl' }, ['etl']);
  comparing.add(query('2'), { groupId: 'etl' }, { groupId: 'adhoc' }, ['adhoc', 'etl']);
  comparing.add(query('3'), { refused: 'no group' }, { refused: 'something else' }, []);
  expect(comparing.result()).toEqual({ compared: 3, unchanged: 3, moves: [], refusals: [] });
});

test('moves and refusals are told apart, the most frequent first, with a few examples', () => {
  const comparing = createComparing(2);
  for (const id of ['1', '2', '3']) comparing.add(query(id), { groupId: 'adhoc' }, { groupId: 'etl' }, ['etl']);
  comparing.add(query('4'), { groupId: 'etl' }, { groupId: 'adhoc' }, ['adhoc']);
  comparing.add(query('5'), { refused: '' }, { groupId: 'adhoc' }, ['adhoc']);
  comparing.add(query('6', 'x'.repeat(900)), { groupId: 'etl' }, { refused: 'too long', stepId: 's', ruleId: 'r' }, []);
  const { moves, refusals, compared, unchanged } = comparing.result();
  expect([compared, unchanged]).toEqual([6, 0]);
  expect(moves.map(({ fromGroupId, toGroupId, count }) => [fromGroupId, toGroupId, count])).toEqual([
    ['adhoc', 'etl', 3],
    ['etl', 'adhoc', 1],
    ['', 'adhoc', 1],
  ]);
  expect(moves[0]?.examples.map(({ id }) => id)).toEqual(['1', '2']);
  expect(refusals).toEqual([
    {
      ...{ fromGroupId: 'etl', count: 1, reason: 'too long', stepId: 's', ruleId: 'r' },
      examples: [{ ...query('6'), text: 'x'.repeat(200) }],
    },
  ]);
});

test('refusals with a message for each query do not fill the memory', () => {
  const comparing = createComparing(1);
  for (let at = 0; at < 5_000; at++) comparing.add(query(`${at}`), { groupId: 'g' }, { refused: `${at}` }, []);
  const { refusals } = comparing.result();
  expect(refusals).toHaveLength(2_000);
  expect(refusals.reduce((sum, { count }) => sum + count, 0)).toBe(5_000);
});
