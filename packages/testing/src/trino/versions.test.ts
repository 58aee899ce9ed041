import { expect, test } from '@jest/globals';
import { chosenVersion } from './versions.ts';

test('a whole run is led to another release by the environment', () => {
  expect(chosenVersion({ TRINO_GATEWAY_TRINO: '483' })).toBe('483');
  expect([chosenVersion({}), chosenVersion({ TRINO_GATEWAY_TRINO: '' })]).toEqual(['476', '476']);
});

test('a release that cannot be had is an error that names those that can', () => {
  expect(() => chosenVersion({ TRINO_GATEWAY_TRINO: '477' })).toThrow('476 or 483');
});
