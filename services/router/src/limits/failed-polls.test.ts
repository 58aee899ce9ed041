import { expect, test } from '@jest/globals';
import { createFailedPolls } from './failed-polls.ts';

test('a query may go on after thirty polls that failed in a row, and one that succeeds begins anew', () => {
  const polls = createFailedPolls();
  const fail = (times: number) => Array.from({ length: times }, () => polls.mayGoOn('q'));
  expect(fail(31)).toEqual([...Array.from({ length: 30 }, () => true), false]);
  expect(polls.mayGoOn('other')).toBe(true);
  polls.succeeded('q');
  expect(fail(1)).toEqual([true]);
});

test('they count over all processes of a router', () => {
  const one = createFailedPolls();
  const other = createFailedPolls(one.elsewhere);
  for (let poll = 0; poll < 30; poll++) other.mayGoOn('q');
  expect(one.mayGoOn('q')).toBe(false);
  other.succeeded('q');
  expect(one.mayGoOn('q')).toBe(true);
});
