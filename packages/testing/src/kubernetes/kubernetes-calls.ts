import { request } from 'node:https';
import { until } from '../processes/until.ts';

/** An object as Kubernetes has it. */
export type KubernetesObject = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [key: string]: unknown };
  [key: string]: unknown;
};

/** Calls of an API server, for tests. */
export type KubernetesCalls = {
  /** @throws Error naming call and answer unless that is a success */
  call<T = KubernetesObject>(method: string, path: string, body?: object): Promise<T>;
  status(method: string, path: string, body?: object): Promise<number>;
  /** Creates a definition of custom resources, and waits until they are served. */
  define(definition: KubernetesObject): Promise<void>;
};

const TIME_LIMIT_MS = 30_000;

export function kubernetesCalls(url: string, ca: string, token: string): KubernetesCalls {
  const send = (method: string, path: string, body?: object) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }),
      };
      const sent = request(
        `${url}${path}`,
        { method, ca, headers, agent: false, timeout: TIME_LIMIT_MS },
        async (answer) => {
          const text = (await answer.toArray()).join('');
          resolve({ status: answer.statusCode ?? 0, text });
        },
      );
      sent.on('timeout', () => sent.destroy(new Error('too late'))).on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const { status, text } = await send(method, path, body);
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status}: ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    call,
    status: async (method, path, body) => (await send(method, path, body)).status,
    define: async (definition) => {
      const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      await call('POST', path, definition);
      const { group, names, versions } = definition.spec as {
        group: string;
        names: { plural: string };
        versions: { name: string }[];
      };
      const served = `/apis/${group}/${versions[0]?.name}/${names.plural}`;
      await until(`${served} to be served`, async () => (await send('GET', served)).status === 200);
    },
  };
}
