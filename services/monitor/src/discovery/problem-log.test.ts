import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { DiscoverySourceSchema } from '@trino-gateway/api/gateway';
import { createProblemLog } from './problem-log.ts';

test('a problem is logged once, again when it is another one, and when it is gone', () => {
  const lines: string[] = [];
  const keep = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log = createProblemLog({ warn: keep, info: keep });
  const tell = (problem: string, listed = true) =>
    log.tell([
      create(DiscoverySourceSchema, { name: 'S', listed, objects: listed ? [{ object: 'S n/a', problem }] : [] }),
    ]);
  for (const problem of ['', 'weight', 'weight', 'weight: too big']) tell(problem);
  tell('', false);
  for (const problem of ['weight: too big', '', '']) tell(problem);
  expect(lines).toEqual([
    'an object of Kubernetes is no backend as it is: what was there before stays {"object":"S n/a","problem":"weight"}',
    'an object of Kubernetes is no backend as it is: what was there before stays {"object":"S n/a","problem":"weight: too big"}',
    'an object of Kubernetes is a backend again {"object":"S n/a"}',
  ]);
});
