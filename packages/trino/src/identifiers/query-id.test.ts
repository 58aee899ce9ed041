import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  coordinatorAlphabet,
  coordinatorSuffix,
  isTemporaryQueryId,
  parseQueryId,
  querySuffix,
  temporaryQueryId,
} from './query-id.ts';

test('a query id of Trino has a stamp, a counter and a suffix', () => {
  expect(parseQueryId('20261121_080808_00130_93wed')).toEqual({
    stamp: '20261121_080808',
    counter: 130,
    suffix: '93wed',
  });
});

test.each([
  '',
  'x',
  '20261121_080808_00130',
  '20261121_080808_00130_93wed ',
  '20261121_080808_00130_93WED',
  '20261121_080808_00130_93we-',
  'a0261121_080808_00130_93wed',
  '20261121_080808_00130_93wedx',
])('%j is no id', (text) => {
  expect(querySuffix(text)).toBeUndefined();
  expect(isTemporaryQueryId(text)).toBe(false);
});

test('a temporary id has the shape of an id, but is no id of a cluster', () => {
  const random = fc.uint8Array({ minLength: 4, maxLength: 4 });
  const drawn = fc.array(fc.constantFrom(...coordinatorAlphabet), { minLength: 5, maxLength: 5 });
  const date = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(date, fc.nat(1_000_000), random, drawn, (at, counter, bytes, suffix) => {
      const ours = temporaryQueryId(at, counter, bytes);
      expect(parseQueryId(ours)).toMatchObject({ counter: counter % 100_000, suffix: expect.stringMatching(/^0/) });
      expect(isTemporaryQueryId(ours)).toBe(true);
      expect(isTemporaryQueryId(`${ours.slice(0, 22)}${suffix.join('')}`)).toBe(false);
    }),
  );
});

test('the stamp is UTC', () => {
  expect(temporaryQueryId(new Date('2026-11-21T08:08:08.999Z'), 130, new Uint8Array([0, 1, 30, 31]))).toBe(
    '20261121_080808_00130_0ab89',
  );
});

test('a suffix counts as a coordinator’s only if one could have drawn it', () => {
  expect(coordinatorSuffix('20261121_080808_00130_93wed')).toBe('93wed');
  for (const text of ['20261121_080808_00130_0ab89', '20261121_080808_00130_abcdl', '93wed', '../../v1/info', ''])
    expect(coordinatorSuffix(text)).toBeUndefined();
});
