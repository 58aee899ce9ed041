import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { BackendSchema } from '@trino-gateway/api/gateway';
import { createIncarnationReports } from './incarnation-reports.ts';

test('an incarnation is reported once while nothing changes, another suffix or address at once', () => {
  const keys: string[] = [];
  const suite = { recordIncarnation: () => Promise.reject(new Error('not called here')) };
  const reports = createIncarnationReports(suite, { put: (key) => void keys.push(key) });
  const at = (url: string) => create(BackendSchema, { id: 'one', url });
  reports.seen(at('http://a'), 'aaaaa');
  reports.seen(at('http://a'), 'aaaaa');
  expect(keys).toEqual(['incarnation one aaaaa http://a']);
  reports.seen(at('http://a'), 'bbbbb');
  reports.seen(at('http://b'), 'bbbbb');
  expect(keys).toHaveLength(3);
  reports.forget('one');
  reports.seen(at('http://b'), 'bbbbb');
  expect(keys).toHaveLength(4);
});
