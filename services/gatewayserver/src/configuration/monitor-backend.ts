import { create } from '@bufbuild/protobuf';
import { type Backend, BackendConditionSchema } from '@trino-gateway/api/gateway';
import type { StoredBackend } from '../storage/contract/configuration.ts';

/** What the monitor gets of a backend: all of it, and whether it drains. A change of it is a new revision for the monitor. */
export function monitorBackend({ backend, draining }: StoredBackend): Backend {
  return { ...backend, condition: create(BackendConditionSchema, { draining }) };
}
