import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type KubernetesObject = { metadata: { namespace: string; name: string; [key: string]: unknown }; spec?: object };

/** What it does with each call: answers, is away, or has just come back and knows of nothing yet. */
type Mood = 'well' | 'away' | 'empty';

/** An API server that lists and watches what a test puts into it. */
export type ScriptedKubernetes = AsyncDisposable & {
  readonly kubeconfig: string;
  /** Every call, oldest first: `list /api/v1/…`, `watch /api/v1/…`. */
  readonly calls: string[];
  /** Adds or replaces an object at a path such as `/api/v1/namespaces/n/services`. */
  put(path: string, object: KubernetesObject): void;
  remove(path: string, name: string): void;
  /** From now on; watches end when it is not well. */
  become(mood: Mood): void;
};

export async function startScriptedKubernetes(): Promise<ScriptedKubernetes> {
  const calls: string[] = [];
  const objects = new Map<string, Map<string, KubernetesObject>>();
  const watchers = new Map<ServerResponse, string>();
  let version = 100;
  let mood: Mood = 'well';
  const at = (path: string) => {
    const found = objects.get(path) ?? new Map<string, KubernetesObject>();
    objects.set(path, found);
    return found;
  };
  const tell = (path: string, type: string, object: KubernetesObject) => {
    for (const [response, watched] of watchers)
      if (watched === path) response.write(`${JSON.stringify({ type, object })}\n`);
  };
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api');
    const isWatch = searchParams.get('watch') === 'true';
    calls.push(`${isWatch ? 'watch' : 'list'} ${pathname}`);
    response.setHeader('content-type', 'application/json');
    if (mood === 'away') response.writeHead(503).end(JSON.stringify({ message: 'etcd is away' }));
    else if (isWatch) {
      watchers.set(response, pathname);
      response.on('close', () => watchers.delete(response));
      response.flushHeaders();
    } else {
      const items = mood === 'empty' ? [] : [...at(pathname).values()];
      response.end(JSON.stringify({ metadata: { resourceVersion: String(version) }, items }));
    }
  };
  const server = createServer(serve);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const folder = await mkdtemp(join(tmpdir(), 'scripted-kubernetes-'));
  const kubeconfig = join(folder, 'config');
  await writeFile(kubeconfig, kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  return {
    kubeconfig,
    calls,
    put: (path, { metadata, spec }) => {
      const before = at(path).get(metadata.name);
      const creationTimestamp = before?.metadata.creationTimestamp ?? new Date(version * 1_000).toISOString();
      const object = { metadata: { creationTimestamp, ...metadata, resourceVersion: String(++version) }, spec };
      at(path).set(metadata.name, object as KubernetesObject);
      tell(path, before ? 'MODIFIED' : 'ADDED', object as KubernetesObject);
    },
    remove: (path, name) => {
      const object = at(path).get(name);
      at(path).delete(name);
      version += 1;
      if (object) tell(path, 'DELETED', object);
    },
    become: (now) => {
      mood = now;
      if (now !== 'well') for (const response of watchers.keys()) response.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function kubeconfigFor(url: string): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'secret' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}
