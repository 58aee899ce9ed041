import { expect, test } from '@jest/globals';
import { withCarriedEffects } from './carried-effects.ts';
import type { QueryEffects } from './opinion.ts';
import { abstains, chooses } from './opinions.ts';

const bad: QueryEffects = {
  addClientTags: ['ok', 'a,b', '東京'],
  sessionProperties: { ok: '1', 'a=b': '2' },
  setHeaders: { 'x-presto-source': 'a', Authorization: 'Bearer secret', 'X-Team': 'a\r\nb' },
};
const good: QueryEffects = {
  addClientTags: ['ok'],
  sessionProperties: { ok: '1' },
  setHeaders: { 'X-Trino-source': 'a' },
};
const text = ['the service said group g', 'left out: tag "a,b" is empty or has a comma'].join('; ');

test('what no request can carry, and what routing may not set, is left out with its reason', () => {
  const opinion = withCarriedEffects(
    chooses('outside', { groupId: 'g', text: 'the service said group g', effects: bad }),
  );
  if (opinion.kind !== 'groups') throw new Error('it chooses');
  expect(opinion.reason.text).toMatch(text);
  expect(opinion.reason.text).toMatch('header "Authorization" is not set by the routing chain');
  expect(opinion.reason.text).not.toMatch('secret');
  expect(opinion.decided(opinion.candidates[0] as never)).toMatchObject(good);
});

test('so it is for what is added to the decision of others', () => {
  const opinion = withCarriedEffects({ ...abstains('outside', 'nothing'), effects: bad });
  expect(opinion.effects).toEqual(good);
});

test('an opinion without such things is left as it is', () => {
  const opinion = chooses('outside', { groupId: 'g', text: '', effects: { ...good, setHeaders: { 'X-Team': 'a' } } });
  expect(withCarriedEffects(opinion)).toBe(opinion);
});
