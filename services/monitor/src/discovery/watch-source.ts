import { createBackoff, describeError } from '@trino-gateway/runtime';
import type { Kubernetes } from '../kubernetes/kubernetes.ts';
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import { resourcePath } from '../kubernetes/resources.ts';
import { type FoundObject, readObject } from './found-object.ts';
import type { DiscoveredKind } from './kinds.ts';

/** One kind of object in one namespace, or in all. */
export type Source = { name: string; kind: DiscoveredKind; namespace: string | undefined };

/** What is known of a source. */
export type SourceState = {
  /** Undefined before the first look has ended, well or not. */
  listed: boolean | undefined;
  /** Why it cannot be listed. */
  problem: string;
  /** By namespace and name. */
  objects: ReadonlyMap<string, FoundObject>;
};

export type WatchSourceOptions = {
  source: Source;
  kubernetes: Pick<Kubernetes, 'call' | 'watch'>;
  /** A label selector. */
  label: string;
  onChange: (state: SourceState) => void;
  /** Waits so long, or until the signal is aborted. */
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
  signal: AbortSignal;
};

const PAGE = 500;
const MOST_OBJECTS = 1_000;
/** A list that is suddenly empty is believed when it still is after this time. */
const SECOND_LOOK_MS = 5_000;
const PAUSES = { firstMs: 1_000, longestMs: 30_000 };
const WATCH_S = 300;
const GONE = 410;

type Listed = { objects: Map<string, FoundObject>; resourceVersion: string };
type Event = {
  type?: unknown;
  object?: { metadata?: { resourceVersion?: unknown }; code?: unknown; message?: unknown };
};

/** Follows a source until the signal is aborted: lists it, watches it, and lists it again where the watch cannot go on. */
export async function watchSource(options: WatchSourceOptions): Promise<void> {
  const { signal, pause, onChange } = options;
  const backoff = createBackoff(PAUSES);
  let known: ReadonlyMap<string, FoundObject> = new Map();
  while (!signal.aborted) {
    try {
      const listed = await believable(options, known.size);
      known = listed.objects;
      onChange({ listed: true, problem: '', objects: known });
      backoff.succeeded();
      await follow(options, listed, (objects) => {
        known = objects;
        onChange({ listed: true, problem: '', objects });
      });
    } catch (error) {
      if (signal.aborted) return;
      const isGone = error instanceof KubernetesError && error.status === GONE;
      // What was found stays: that it cannot be seen says nothing about it.
      if (!isGone) onChange({ listed: false, problem: describeError(error), objects: known });
      await pause(backoff.failed(), signal);
    }
  }
}

/** A list; an empty one only after a second look, as an API server that has just come back may know of nothing yet. */
async function believable(options: WatchSourceOptions, knownBefore: number): Promise<Listed> {
  const first = await list(options);
  if (first.objects.size > 0) return first;
  await options.pause(knownBefore > 0 ? 2 * SECOND_LOOK_MS : SECOND_LOOK_MS, options.signal);
  options.signal.throwIfAborted();
  return list(options);
}

async function list({ source, kubernetes, label, signal }: WatchSourceOptions): Promise<Listed> {
  const objects = new Map<string, FoundObject>();
  let resourceVersion = '';
  let next = '';
  do {
    const query = { labelSelector: label, limit: String(PAGE), ...(next !== '' && { continue: next }) };
    const { body } = await kubernetes.call({ method: 'GET', path: pathOf(source), query, signal });
    const { items, metadata } = (body ?? {}) as {
      items?: unknown;
      metadata?: { resourceVersion?: unknown; continue?: unknown };
    };
    if (!Array.isArray(items)) throw new KubernetesError('the answer is no list');
    for (const item of items) add(objects, item);
    resourceVersion = String(metadata?.resourceVersion ?? '');
    next = String(metadata?.continue ?? '');
  } while (next !== '');
  return { objects, resourceVersion };
}

function add(objects: Map<string, FoundObject>, item: unknown): void {
  const object = readObject(item);
  if (object) objects.set(`${object.namespace}/${object.name}`, object);
  if (objects.size > MOST_OBJECTS)
    throw new KubernetesError(`more than ${MOST_OBJECTS} objects have the label: none of their changes is followed`);
}

/** Watches from where the list ended, again and again, until that is no longer possible. */
async function follow(
  { source, kubernetes, label, signal }: WatchSourceOptions,
  { objects, resourceVersion }: Listed,
  onObjects: (objects: ReadonlyMap<string, FoundObject>) => void,
): Promise<never> {
  let version = resourceVersion;
  for (;;) {
    const query = {
      ...{ watch: 'true', labelSelector: label, resourceVersion: version },
      ...{ allowWatchBookmarks: 'true', timeoutSeconds: String(WATCH_S) },
    };
    const before = version;
    for await (const event of kubernetes.watch({ path: pathOf(source), query, signal })) {
      const { type, object } = event as Event;
      if (type === 'ERROR')
        throw new KubernetesError(String(object?.message ?? 'the watch failed'), Number(object?.code) || undefined);
      version = String(object?.metadata?.resourceVersion ?? version);
      const found = readObject(object);
      if (type === 'BOOKMARK' || !found) continue;
      if (type === 'DELETED') objects.delete(`${found.namespace}/${found.name}`);
      else add(objects, object);
      onObjects(new Map(objects));
    }
    // A watch that ends at once, again and again, is no watch.
    if (version === before) throw new KubernetesError('the watch has ended', GONE);
  }
}

function pathOf({ kind, namespace }: Source): string {
  return resourcePath(kind, namespace);
}
