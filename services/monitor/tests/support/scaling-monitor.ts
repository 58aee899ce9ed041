import { create } from '@bufbuild/protobuf';
import { type Backend, BackendSchema, Backend_Scaler_State as Said } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { createConnectionState } from '../../src/gatewayserver/connection-state.ts';
import { createErrands } from '../../src/scaling/calls/errands.ts';
import { createReadings } from '../../src/scaling/calls/readings.ts';
import { createLead } from '../../src/scaling/lead.ts';
import { runScaling, type ScalingLoop } from '../../src/scaling/scaling-loop.ts';
import type { ScriptedScaling } from './scripted-scaling.ts';

/** Clusters that a scaler starts and stops, as a test says; shared by several monitors, as clusters are. */
export type ScriptedClusters = {
  /** What each says; Error: it fails with that, undefined: it hangs. */
  states: Map<string, Said | Error | undefined>;
  /** Every call that changes something, as `one START`. */
  readonly told: string[];
  /** How often each was asked for its state. */
  readonly asked: Map<string, number>;
  /** Asked before a cluster does what it is told; throws to fail. */
  before: (call: string, signal: AbortSignal) => Promise<void>;
};

export function scriptedClusters(states: Record<string, Said | Error | undefined>): ScriptedClusters {
  return { states: new Map(Object.entries(states)), told: [], asked: new Map(), before: async () => {} };
}

/** The loop of one monitor over scripted parts, which looks a thousand times a second. */
export function scalingMonitor(
  id: string,
  scaling: ScriptedScaling,
  clusters: ScriptedClusters,
  urls: Record<string, string> = {},
): ScalingLoop & { problem: () => string | undefined } {
  const { now } = scaling;
  const connection = createConnectionState(false, silentLogger);
  const loop = runScaling({
    lead: createLead(id, scaling, silentLogger, now),
    drains: scaling,
    scalers: {
      tell: async (backend, what, signal) => {
        const call = `${backend.id} ${what}`;
        clusters.told.push(call);
        await clusters.before(call, signal);
        clusters.states.set(backend.id, what === 'START' ? Said.STARTING : Said.STOPPED);
      },
    },
    readings: createReadings({ read: (backend, signal) => read(clusters, backend, signal), now }),
    tellings: createErrands(now),
    warmUps: createErrands(now),
    connections: { of: async () => undefined, withToken: async (backend) => backend },
    metrics: { decided: () => {} },
    intervalMs: 1,
    connection,
    logger: silentLogger,
    now,
  });
  loop.setBackends([...clusters.states.keys()].map((backendId) => backendWithScaler(backendId, urls[backendId])));
  return { ...loop, problem: connection.problem };
}

/** What the list of the monitor says of a cluster. */
export function backendWithScaler(id: string, url = 'http://127.0.0.1:1'): Backend {
  const kind = { case: 'webhook', value: { url: 'http://scaler' } } as const;
  return create(BackendSchema, { id, url, scaler: { kind } });
}

async function read({ states, asked }: ScriptedClusters, { id }: Backend, signal: AbortSignal): Promise<Said> {
  asked.set(id, (asked.get(id) ?? 0) + 1);
  const said = states.get(id);
  if (said instanceof Error) throw said;
  if (said !== undefined) return said;
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
