import { Backend_ForwardedHeaders as Setting } from '@trino-gateway/api/gateway';
import type { LinkRewriterOptions } from '@trino-gateway/trino';
import { LRUCache } from 'lru-cache';
import type { ClientView } from '../http/client-address.ts';
import { outsideUrl } from '../http/client-address.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';

/**
 * How the links in a cluster's pages come to name the address the client used.
 * - `send`: the cluster is told by X-Forwarded-* and builds them so.
 * - `host`: the cluster gets the client's `Host`, which is enough when both connections use the same scheme and no path prefix.
 * - `rewrite`: the cluster is told nothing, and the router replaces the links in its pages.
 */
export type LinkMode = 'send' | 'host' | 'rewrite';

/** What to send to a cluster besides the client's own headers, and what to do with its pages. */
export type LinkPlan = {
  mode: LinkMode;
  /** Name, value in turn; `Host` first. */
  headers: readonly string[];
  /** Set when the links must be replaced: such a cluster is to be asked for plain bytes. */
  rewrite: LinkRewriterOptions | undefined;
};

/** Which mode each coordinator needs; learnt from its answers where the setting is AUTO. */
export class LinkModes {
  // By address. Holds for one incarnation of a coordinator: the next may be configured otherwise.
  readonly #learnt = new LRUCache<string, { mode: Exclude<LinkMode, 'send'>; atMs: number }>({ max: 10_000 });
  readonly #now: () => number;
  #version = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Another one when plans may differ from those that were made before. */
  get version(): number {
    return this.#version;
  }

  /** What to do for this client's requests to this coordinator. */
  plan(coordinator: Coordinator, client: ClientView): LinkPlan {
    const origin = coordinator.url.replace(/\/+$/, '');
    const authority = origin.slice(origin.indexOf('://') + 3);
    const mode = this.#mode(coordinator, client, origin);
    if (mode === 'send') {
      return { mode, headers: ['Host', authority, ...forwardedHeaders(client)], rewrite: undefined };
    }
    if (mode === 'host') return { mode, headers: ['Host', client.authority], rewrite: undefined };
    const below = outsideUrl(client) + (client.coordinatorPath ?? '');
    const rewrite = { backendUrls: [origin], outsideUrl: below };
    return { mode, headers: ['Host', authority], rewrite };
  }

  /**
   * The coordinator refused what was sent (406), or built its links as if it had not been told.
   * True when the next plan differs, so that asking again is of use.
   */
  failed(coordinator: Coordinator, mode: LinkMode): boolean {
    if (mode === 'rewrite') return false;
    if (mode === 'send' && coordinator.forwardedHeaders === Setting.SEND) return false;
    this.#version += 1;
    // Requests on their way at the same time may have learnt more already.
    if (mode === 'host' || !this.#learnt.has(coordinator.url))
      this.#learnt.set(coordinator.url, { mode: mode === 'send' ? 'host' : 'rewrite', atMs: this.#now() });
    return true;
  }

  /** Forgets what was learnt of an address before that time: another incarnation answers there. */
  forget(url: string, beforeMs: number): void {
    if ((this.#learnt.get(url)?.atMs ?? beforeMs) >= beforeMs) return;
    this.#learnt.delete(url);
    this.#version += 1;
  }

  #mode(coordinator: Coordinator, client: ClientView, origin: string): LinkMode {
    const learnt = this.#learnt.get(coordinator.url)?.mode;
    if (coordinator.forwardedHeaders === Setting.SEND) return 'send';
    if (learnt === undefined && coordinator.forwardedHeaders !== Setting.OMIT) return 'send';
    // `Host` tells no path.
    if (learnt === 'rewrite' || pathOf(client) !== '') return 'rewrite';
    return origin.startsWith(`${client.scheme}://`) ? 'host' : 'rewrite';
  }
}

/** What is before the paths of a client's links. */
const pathOf = ({ prefix, coordinatorPath = '' }: ClientView) => prefix + coordinatorPath;

function forwardedHeaders(client: ClientView): string[] {
  const { scheme, authority, forwardedFor } = client;
  const port = /:(\d+)$/.exec(authority)?.[1] ?? (scheme === 'https' ? '443' : '80');
  return [
    'X-Forwarded-Proto',
    scheme,
    'X-Forwarded-Host',
    authority,
    'X-Forwarded-Port',
    port,
    'X-Forwarded-For',
    forwardedFor,
    ...(pathOf(client) === '' ? [] : ['X-Forwarded-Prefix', pathOf(client)]),
  ];
}
