import { expect, test } from '@jest/globals';
import type { ServiceProcess } from '@trino-gateway/testing/suite/start-service';
import { createLoggedErrors } from './logged-errors.ts';

test('each error is collected once, also of a process that is killed later', () => {
  let printed = '{"level":"info"}\n{"level":"error","message":"a"}\n';
  const process = { output: () => printed } as ServiceProcess;
  const errors = createLoggedErrors([{ name: 'router 1', process }]);
  errors.read();
  printed += '{"level":"warn"}\n{"level":"error","message":"b"}\n';
  errors.read();
  printed = '';
  errors.read();
  expect(errors.lines()).toEqual([
    'router 1: {"level":"error","message":"a"}',
    'router 1: {"level":"error","message":"b"}',
  ]);
});
