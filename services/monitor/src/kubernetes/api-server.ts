import { readFile, stat } from 'node:fs/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { KubernetesError } from './kubernetes-error.ts';

/** Where the API server is, and as whom it is called. */
export type ApiServer = { url: string; headers: Record<string, string>; dispatcher: Dispatcher };

/** How it is reached. */
export type ApiServerAccess = AsyncDisposable & {
  /** With the newest credentials. @throws KubernetesError when it is not configured, or not as it must be */
  current(): Promise<ApiServer>;
  /** The credentials were refused: they are read anew. */
  refused(): void;
};

type TlsOptions = { ca?: Buffer; cert?: Buffer; key?: Buffer; servername?: string; rejectUnauthorized?: boolean };
type Loaded = { config: KubeConfig; changedAt: number };

/** What a pod has when it may speak to the API server. */
const OWN_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const CONNECTIONS = 16;
const CONNECT_MS = 5_000;

/**
 * By the kubeconfig file, else from within the cluster. The client library takes 90 MB, so it is loaded with the first call; files of
 * credentials are read again when they have changed.
 */
export function createApiServerAccess(kubeconfig: string | undefined): ApiServerAccess {
  let loaded: Loaded | undefined;
  let connections: { key: string; dispatcher: Dispatcher } | undefined;

  const load = async (): Promise<KubeConfig> => {
    const changedAt = kubeconfig === undefined ? 0 : await changeTime(kubeconfig);
    if (loaded?.changedAt !== changedAt) loaded = { config: await read(kubeconfig), changedAt };
    return loaded.config;
  };
  const connect = (config: KubeConfig, tls: TlsOptions): Dispatcher => {
    const key = JSON.stringify([tls.ca, tls.cert, tls.key, tls.servername, tls.rejectUnauthorized].map(String));
    if (connections?.key !== key) {
      const dispatcher = dispatcherOf(config, tls);
      connections?.dispatcher.close().catch(() => {});
      connections = { key, dispatcher };
    }
    return connections.dispatcher;
  };
  return {
    current: async () => {
      const config = await load();
      const server = config.getCurrentCluster()?.server;
      if (server === undefined || !URL.canParse(server))
        throw new KubernetesError('monitor.kubeconfig: its current context names no cluster with a server');
      const { headers, tls } = await credentials(config);
      return { url: server.replace(/\/+$/, ''), headers, dispatcher: connect(config, tls) };
    },
    refused: () => {
      loaded = undefined;
    },
    [Symbol.asyncDispose]: async () => {
      await connections?.dispatcher.destroy();
    },
  };
}

async function changeTime(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    (error: NodeJS.ErrnoException) => {
      throw new KubernetesError(`monitor.kubeconfig: ${path} cannot be read (${error.code})`);
    },
  );
}

/** What the library says of a broken file quotes it, secrets too: it is not repeated. */
async function read(path: string | undefined): Promise<KubeConfig> {
  if (path === undefined && (await changeTime(OWN_TOKEN).catch(() => undefined)) === undefined)
    throw new KubernetesError('no API server is known: set monitor.kubeconfig, or run the monitor in the cluster');
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (path === undefined) config.loadFromCluster();
    else {
      config.loadFromString(await readFile(path, 'utf8'));
      config.makePathsAbsolute(path.slice(0, path.lastIndexOf('/') + 1));
    }
  } catch {
    throw new KubernetesError(`monitor.kubeconfig: ${path ?? ''} is no kubeconfig with clusters, users and contexts`);
  }
  return config;
}

async function credentials(config: KubeConfig): Promise<{ headers: Record<string, string>; tls: TlsOptions }> {
  const options: Parameters<KubeConfig['applyToHTTPSOptions']>[0] & Record<string, unknown> = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KubernetesError(`the credentials for the API server cannot be had${code ? ` (${code})` : ''}`);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = String(value).trim();
  if (typeof options.auth === 'string') headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const tls = Object.fromEntries(
    (['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const).flatMap((name) =>
      options[name] === undefined ? [] : [[name, options[name]]],
    ),
  );
  // Only the kubeconfig may say so, never the environment.
  return { headers, tls: { ...tls, rejectUnauthorized: options.rejectUnauthorized !== false } };
}

// The library makes new connections for each call: here one pool is kept for as long as the credentials stay.
function dispatcherOf(config: KubeConfig, tls: TlsOptions): Dispatcher {
  const made = config.createDispatcherOptions(config.getCurrentCluster(), tls);
  const limits = { connections: CONNECTIONS, connectTimeout: CONNECT_MS };
  switch (made.type) {
    case 'proxy':
      return new ProxyAgent({ ...limits, uri: made.uri, requestTls: tls });
    case 'socks':
      throw new KubernetesError('monitor.kubeconfig: a SOCKS proxy is not supported here');
    case 'agent':
    case 'none':
      return new Agent({ ...limits, connect: { ...tls, timeout: CONNECT_MS } });
  }
}
