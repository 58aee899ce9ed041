import { describe, expect, test } from '@jest/globals';
import {
  sessionProperties,
  sessionProperty,
  withoutSessionProperty,
  withSessionProperty,
} from './session-properties.ts';

const name = 'query_max_run_time';
const lines = (...values: string[]) => values.flatMap((value) => ['X-Trino-Session', value]);

describe('a session property is read as Trino reads it', () => {
  test.each<[string, string[], string | undefined]>([
    ['alone', [`${name}=5s`], '5s'],
    ['among others', [`a=1,${name}=5s,b=2`], '5s'],
    ['of several the last counts', [`${name}=5s,${name}=6m`], '6m'],
    ['also over several lines', [`${name}=5s`, `a=1,${name}=6m`, 'b=2'], '6m'],
    ['blanks around name and value', [` a=1 ,\t${name} =  5s  , b=2`], '5s'],
    ['urlencoded', [`${name}=5%73`], '5s'],
    ['a plus is a blank', [`${name}=5+s`], '5 s'],
    ['empty', [`${name}=`], ''],
    ['names are compared letter by letter', ['QUERY_MAX_RUN_TIME=5s', 'query%5Fmax_run_time=5s'], undefined],
    ['another property that ends the same', [`my${name}=5s`], undefined],
    ['another property that begins the same', [`${name}_total=5s`], undefined],
    ['the name as a value', [`a=${name}`, `b=${name}%3D5s`], undefined],
    ['of a catalog', [`system.${name}=5s`], undefined],
    ['without a value', [name], undefined],
    ['a broken escape', [`${name}=%zz`], undefined],
    ['in another header', [], undefined],
  ])('%s', (_, values, expected) => {
    expect(sessionProperty(['X-Trino-User', `${name}=1s`, ...lines(...values)], name)).toBe(expected);
  });
});

test('another value leaves all other text as it was sent', () => {
  const sent = ['X-Trino-User', 'u', ...lines(` a=%41 ,${name}=1h,\t${name} =  5s , b=2 ,,`, 'c=3')];
  expect(withSessionProperty(sent, name, '3.200s')).toEqual([
    'X-Trino-User',
    'u',
    ...lines(` a=%41 ,${name}=1h,\t${name} =  3.200s , b=2 ,,`, 'c=3'),
  ]);
  expect(withSessionProperty(['X-Trino-User', 'u'], name, '1s')).toEqual(['X-Trino-User', 'u']);
});

test('a property that is taken out leaves the others, and no empty line', () => {
  const sent = lines('a=%41 ,query_max_queued_time=5s, b=2', 'query_max_queued_time=1m', 'c=query_max_queued_time');
  expect(withoutSessionProperty(sent, 'query_max_queued_time')).toEqual(
    lines('a=%41 , b=2', 'c=query_max_queued_time'),
  );
});

test('a line of two megabytes is read in no time', () => {
  const [line] = lines(`${name} ,`.repeat(100_000)).slice(1);
  const began = performance.now();
  expect(sessionProperty(['X-Trino-Session', line ?? ''], name)).toBeUndefined();
  expect(performance.now() - began).toBeLessThan(3_000);
});

test('all session properties of a request, by name', () => {
  expect(sessionProperties(['X-Trino-User', 'u', ...lines(` a=%41 ,b.c = 5+s ,,=1,d`, 'a=2,e=%zz,f=')])).toEqual({
    a: '2',
    'b.c': '5 s',
    f: '',
  });
  expect(sessionProperties([])).toEqual({});
});
