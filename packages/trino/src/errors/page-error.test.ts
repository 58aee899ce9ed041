import { expect, test } from '@jest/globals';
import { parsePageError } from './page-error.ts';

const failure = (cause: string) =>
  `{"message":"m","errorCode":1,"errorName":"N","errorType":"USER_ERROR","failureInfo":{"cause":${cause}}}`;
const causes = (count: number) => `${'{"cause":'.repeat(count)}null${'}'.repeat(count)}`;

test('an error is read with a long chain of causes, and not read when the chain has no end', () => {
  const read = { message: 'm', errorCode: 1, errorName: 'N', errorType: 'USER_ERROR' };
  expect(parsePageError(failure(causes(900)))).toEqual(read);
  expect(parsePageError(failure(causes(100_000)))).toBeUndefined();
});
