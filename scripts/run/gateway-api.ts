import { setTimeout as sleep } from 'node:timers/promises';
import { CallFailedError, gatewayCall } from '@trino-gateway/testing/suite/gateway-calls';
import type { PlannedBackend } from './plan.ts';

type StoredBackend = {
  id: string;
  url: string;
  labels?: Record<string, string>;
  condition?: { available?: boolean; reasons?: string[] };
};
type StoredGroup = { id: string; backendIds?: string[] };

/** What `make run` asks of the gatewayserver. */
export type GatewayApi = {
  /**
   * Makes the backends exist, enabled, and be the members of the group. What else is set of them stays. Backends that an
   * earlier run registered and nothing refers to any more are deleted.
   */
  register(backends: readonly PlannedBackend[], groupId: string): Promise<void>;
  /**
   * Waits until one of the backends takes queries. Answers its id, or when the time is up the reason of each why not.
   * `onNews` gets a line whenever the reasons change.
   */
  untilAvailable(
    backendIds: readonly string[],
    timeLimitMs: number,
    onNews: (line: string) => void,
  ): Promise<{ available: string } | { reasons: string[] }>;
};

const LABEL = 'registered-by';
const OURS = { [LABEL]: 'make-run' };

/** Over Connect JSON. Calls throw what the gatewayserver said. */
export function createGatewayApi(url: string, token: string | undefined, signal: AbortSignal): GatewayApi {
  const call = gatewayCall(url, token, signal);
  const getOrNothing = <T>(method: string, id: string): Promise<T | undefined> =>
    call<T>(method, { id }).catch((error: unknown) => {
      if (error instanceof CallFailedError && error.code === 'not_found') return undefined;
      throw error;
    });
  const list = async () =>
    (await call<{ backends?: StoredBackend[] }>('BackendService/ListBackends', { pageSize: 1000 })).backends ?? [];
  return {
    register: async (backends, groupId) => {
      for (const { id, url } of backends) {
        const before = await getOrNothing<StoredBackend>('BackendService/GetBackend', id);
        const labels = before?.labels ?? OURS;
        await call('BackendService/PutBackend', { backend: { ...before, id, url, labels } });
        await call('BackendService/EnableBackend', { id });
      }
      const backendIds = backends.map(({ id }) => id);
      const before = await getOrNothing<StoredGroup>('GroupService/GetGroup', groupId);
      await call('GroupService/PutGroup', { group: { ...before, id: groupId, enabled: true, backendIds } });
      const left = (await list()).filter(
        ({ id, labels }) => labels?.[LABEL] === OURS[LABEL] && !backendIds.includes(id),
      );
      for (const { id } of left)
        await call('BackendService/DeleteBackend', { id }).catch((error: unknown) => {
          if (!(error instanceof CallFailedError && error.code === 'failed_precondition')) throw error;
        });
    },
    untilAvailable: async (backendIds, timeLimitMs, onNews) => {
      let said = '';
      for (const deadline = Date.now() + timeLimitMs; ; await sleep(200, undefined, { signal })) {
        const backends = (await list()).filter(({ id }) => backendIds.includes(id));
        const available = backends.find(({ condition }) => condition?.available);
        if (available) return { available: available.id };
        const reasons = backends.map(({ id, condition }) => `${id}: ${condition?.reasons?.join('; ') || 'unknown'}`);
        if (Date.now() > deadline) return { reasons };
        const news = reasons.slice(0, 5).join(', ');
        if (news !== said) onNews(news);
        said = news;
      }
    },
  };
}
