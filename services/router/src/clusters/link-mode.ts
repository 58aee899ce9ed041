import { Backend_ForwardedHeaders as Setting } from '@trino-gateway/api/gateway';
import type { LinkRewriterOptions } from '@trino-gateway/trino';
import { LRUCache } from 'lru-cache';
import { type ClientView, originOf } from '../http/client-address.ts';
import type { Owner } from '../stickiness/ownership.ts';

/**
 * How a cluster is brought to build links to the address the client used.
 * - `send`: it is told by X-Forwarded-*.
 * - `host`: it gets the client's `Host`, which is enough when both connections use the same scheme.
 * - `rewrite`: it is told nothing, and the links in its pages are replaced.
 */
export type ForwardingMode = 'send' | 'host' | 'rewrite';

/** What to send to a cluster besides the client's own headers, and what to do with its pages. */
export type ForwardingPlan = {
  mode: ForwardingMode;
  /** Name, value in turn; `Host` first. */
  headers: readonly string[];
  /** Set when the links must be replaced: such a cluster is to be asked for plain bytes. */
  rewrite: LinkRewriterOptions | undefined;
};

/** Knows for each coordinator how links are made right, and learns it where the setting is AUTO. */
export class Forwarding {
  // By address. What is learnt belongs to one life of a coordinator: the next may be configured otherwise.
  readonly #learnt = new LRUCache<string, { mode: Exclude<ForwardingMode, 'send'>; atMs: number }>({ max: 10_000 });
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** What to do for this client's requests to this coordinator. */
  plan(owner: Owner, client: ClientView): ForwardingPlan {
    const origin = owner.url.replace(/\/+$/, '');
    const authority = origin.slice(origin.indexOf('://') + 3);
    const mode = this.#mode(owner, client, origin);
    if (mode === 'send') {
      return { mode, headers: ['Host', authority, ...forwardedHeaders(client)], rewrite: undefined };
    }
    if (mode === 'host') return { mode, headers: ['Host', client.authority], rewrite: undefined };
    const outsideOrigin = originOf(client);
    return { mode, headers: ['Host', authority], rewrite: { backendOrigins: [origin], outsideOrigin } };
  }

  /**
   * The coordinator refused what was sent (406), or built its links as if it had not been told.
   * True when the next plan differs, so that asking again is of use.
   */
  failed(owner: Owner, mode: ForwardingMode): boolean {
    if (mode === 'rewrite') return false;
    if (mode === 'send' && owner.forwardedHeaders === Setting.SEND) return false;
    // Requests on their way at the same time may have learnt more already.
    if (mode === 'host' || !this.#learnt.has(owner.url))
      this.#learnt.set(owner.url, { mode: mode === 'send' ? 'host' : 'rewrite', atMs: this.#now() });
    return true;
  }

  /** Forgets what was learnt of an address before that time: another life of a coordinator answers there. */
  forget(url: string, beforeMs: number): void {
    if ((this.#learnt.get(url)?.atMs ?? beforeMs) < beforeMs) this.#learnt.delete(url);
  }

  #mode(owner: Owner, client: ClientView, origin: string): ForwardingMode {
    const learnt = this.#learnt.get(owner.url)?.mode;
    if (owner.forwardedHeaders === Setting.SEND) return 'send';
    if (learnt === undefined && owner.forwardedHeaders !== Setting.OMIT) return 'send';
    if (learnt === 'rewrite') return 'rewrite';
    return origin.startsWith(`${client.scheme}://`) ? 'host' : 'rewrite';
  }
}

function forwardedHeaders({ scheme, authority, forwardedFor }: ClientView): string[] {
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
  ];
}
