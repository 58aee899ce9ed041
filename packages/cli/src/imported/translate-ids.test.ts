import { expect, test } from '@jest/globals';
import type { Note } from './notes.ts';
import { translateIds } from './translate-ids.ts';

const give = (...ids: string[]) => {
  const notes: Note[] = [];
  return { ids: translateIds('group', ids, notes), notes };
};

test('an allowed id stays; another one is changed, with a note', () => {
  const { ids, notes } = give('adhoc', 'data team/etl', 'größe');
  expect(ids.inOrder).toEqual(['adhoc', 'data-team-etl', 'gr-e']);
  expect(notes.map(({ about }) => about)).toEqual(['group "data team/etl"', 'group "größe"']);
  expect(notes[0]?.text).toContain('is called "data-team-etl" here');
});

test('two ids never become one, whichever comes first', () => {
  expect(give('a b', 'a/b', 'a-b').ids.inOrder).toEqual(['a-b-2', 'a-b-3', 'a-b']);
  const long = 'x'.repeat(200);
  const [first, second] = give(`${long}1`, `${long}2`).ids.inOrder;
  expect([first?.length, second?.length, first === second]).toEqual([128, 128, false]);
});

test('an object without an id, and a second one of the same, are left out', () => {
  expect(give('', 'a', 'a').ids.inOrder).toEqual([undefined, 'a', undefined]);
});

test('a reference is found by its exact text, else without case as in MySQL', () => {
  const { ids } = give('Blue', 'blue', 'Data Team');
  expect(['Blue', 'blue', 'BLUE', 'data team', 'green'].map((id) => ids.of(id))).toEqual([
    'Blue',
    'blue',
    'Blue',
    'Data-Team',
    undefined,
  ]);
});
