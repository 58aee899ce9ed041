import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { type Backend_CommandSchema, BackendSchema, Backend_Scaler_State as State } from '@trino-gateway/api/gateway';
import { loadConfig } from '@trino-gateway/config';
import { silentLogger as logger } from '@trino-gateway/runtime';
import { createKubernetes } from '../../kubernetes/kubernetes.ts';
import type { Scaler } from '../scalers/scaler.ts';
import { createScalers } from './call-scaler.ts';

const never = new AbortController().signal;
const { monitor: config } = loadConfig({ env: {}, readSecret: () => '' });
const backend = (value: MessageInitShape<typeof Backend_CommandSchema> = { state: ['/bin/echo', 'RUNNING'] }) =>
  create(BackendSchema, { id: 'one', managedBy: 'file', scaler: { kind: { case: 'command', value } } });
const scripted = (parts: Partial<Scaler<'command'>>) =>
  createScalers(config, tools, {
    command: () => ({ state: async () => State.STOPPED, start: async () => {}, stop: async () => {}, ...parts }),
  });
const tools = { called: () => {}, kubernetes: createKubernetes({}, logger), logger };
const hangs = () => new Promise<never>(() => {});

test('a backend is asked about by its kind of scaler', async () => {
  await using scalers = createScalers(config, tools);
  const one = backend({ state: ['/bin/echo', 'RUNNING'], start: ['/bin/true'], stop: ['/bin/false'] });
  expect(await scalers.state(one, never)).toBe(State.RUNNING);
  await scalers.tell(one, 'START', never);
  await expect(scalers.tell(one, 'STOP', never)).rejects.toThrow('stop: it ended with code 1');
});

test('a kind that this monitor does not know, and none, are problems', async () => {
  await using scalers = createScalers(config, tools, {});
  await expect(scalers.state(backend(), never)).rejects.toThrow('this monitor has no scaler of the kind command');
  const none = create(BackendSchema, { id: 'one' });
  await expect(scalers.state(none, never)).rejects.toThrow('this monitor has no scaler of the kind none');
});

test('a scaler that hangs, and does not heed its signal, is given up when its time is over', async () => {
  await using scalers = scripted({ state: hangs, start: hangs, timeLimitMs: () => 5 });
  await expect(scalers.tell(backend(), 'START', never)).rejects.toThrow('no answer within 5 ms');
});

test('what hangs ends with the monitor', async () => {
  const stop = new AbortController();
  await using scalers = scripted({ state: hangs });
  const asked = scalers.state(backend(), stop.signal);
  stop.abort(new Error('stopping'));
  await expect(asked).rejects.toThrow('stopping');
});

test('a target is checked before its first call, again until that succeeds, and anew when it has changed', async () => {
  const calls: string[] = [];
  let isForbidden = true;
  await using scalers = scripted({
    check: async () => {
      calls.push('check');
      if (isForbidden) throw new Error('forbidden: patch trinoclusters');
    },
    state: async () => {
      calls.push('state');
      return State.RUNNING;
    },
  });
  const one = backend();
  await expect(scalers.state(one, never)).rejects.toThrow('forbidden: patch trinoclusters');
  isForbidden = false;
  await scalers.state(one, never);
  await scalers.state(one, never);
  await scalers.state(backend(), never);
  expect(calls).toEqual(['check', 'check', 'state', 'state', 'check', 'state']);
});
