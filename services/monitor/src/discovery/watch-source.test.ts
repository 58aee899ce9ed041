import { expect, test } from '@jest/globals';
import type { KubernetesCall } from '../kubernetes/kubernetes.ts';
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import { DISCOVERED_KINDS, type DiscoveredKind } from './kinds.ts';
import { type SourceState, watchSource } from './watch-source.ts';

const service = (name: string, resourceVersion = '1') => ({ metadata: { namespace: 'n', name, resourceVersion } });
const list = (names: string[], resourceVersion: string, more = '') => ({
  metadata: { resourceVersion, continue: more },
  items: names.map((name) => service(name)),
});
const event = (type: string, name: string, resourceVersion: string) => ({
  type,
  object: service(name, resourceVersion),
});

/** What the API server does with each call, in order; after the last one the source is let go. */
type Step = object | Error | { events: (object | Error)[] };

/** Runs a source through what the API server does. @returns what it saw, what it asked, and how long it paused */
async function run(steps: Step[]) {
  const stop = new AbortController();
  const seen: string[] = [];
  const asked: string[] = [];
  const pauses: number[] = [];
  const next = (): Step => {
    const step = steps.shift();
    if (step !== undefined) return step;
    stop.abort();
    throw new Error('let go');
  };
  const told = ({ path, query }: Pick<KubernetesCall, 'path' | 'query'>) =>
    asked.push(
      `${query?.watch ? `watch from ${query.resourceVersion}` : 'list'}${query?.continue ?? ''} ${path} ${query?.labelSelector}`,
    );
  await watchSource({
    source: { name: 'Service n', kind: DISCOVERED_KINDS.Service as DiscoveredKind, namespace: 'n' },
    label: 'l=1',
    kubernetes: {
      call: async (call) => {
        told(call);
        const step = next();
        if (step instanceof Error) throw step;
        return { body: step, at: 0 };
      },
      watch: async function* (call) {
        told(call);
        const step = next();
        if (step instanceof Error) throw step;
        for (const one of (step as { events: (object | Error)[] }).events) {
          if (one instanceof Error) throw one;
          yield one;
        }
      },
    },
    onChange: ({ listed, problem, objects }: SourceState) =>
      seen.push([listed, problem, ...objects.keys()].join(' ').trim()),
    pause: async (ms) => void pauses.push(ms),
    signal: stop.signal,
  });
  return { seen, asked, pauses };
}

test('objects are listed page by page, then followed from there', async () => {
  const { seen, asked } = await run([
    list(['a'], '5', 'more'),
    list(['b'], '6'),
    {
      events: [
        event('ADDED', 'c', '7'),
        event('MODIFIED', 'a', '8'),
        { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } },
      ],
    },
    { events: [event('DELETED', 'b', '10')] },
  ]);
  expect(seen).toEqual(['true  n/a n/b', 'true  n/a n/b n/c', 'true  n/a n/b n/c', 'true  n/a n/c']);
  expect(asked).toEqual([
    'list /api/v1/namespaces/n/services l=1',
    'listmore /api/v1/namespaces/n/services l=1',
    'watch from 6 /api/v1/namespaces/n/services l=1',
    'watch from 9 /api/v1/namespaces/n/services l=1',
    'watch from 10 /api/v1/namespaces/n/services l=1',
  ]);
});

test('a watch that is too old (410) is answered by a list, and nothing is gone meanwhile', async () => {
  const expired = { type: 'ERROR', object: { code: 410, message: 'too old resource version' } };
  const { seen, asked } = await run([
    list(['a'], '5'),
    { events: [expired] },
    list(['a', 'b'], '50'),
    new KubernetesError('gone', 410),
    list(['b'], '60'),
  ]);
  expect(seen).toEqual(['true  n/a', 'true  n/a n/b', 'true  n/b']);
  expect(asked.map((one) => one.split(' /')[0])).toEqual([
    'list',
    'watch from 5',
    'list',
    'watch from 50',
    'list',
    'watch from 60',
  ]);
});

test('an outage keeps what was found, with growing pauses, and ends with a list', async () => {
  const away = new KubernetesError('the API server does not answer');
  const { seen, pauses } = await run([
    list(['a'], '5'),
    { events: [away] },
    away,
    new KubernetesError('HTTP 500', 500),
    list(['a'], '9'),
  ]);
  expect(seen).toEqual([
    'true  n/a',
    'false the API server does not answer n/a',
    'false the API server does not answer n/a',
    'false HTTP 500 n/a',
    'true  n/a',
  ]);
  expect(pauses.slice(0, 3).every((ms, at) => ms >= 500 * 2 ** at && ms <= 1_500 * 2 ** at)).toBe(true);
});

test('what may not be listed is no empty list', async () => {
  const { seen } = await run([
    new KubernetesError('services is forbidden', 403),
    new KubernetesError('no such kind', 404),
  ]);
  expect(seen).toEqual(['false services is forbidden', 'false no such kind']);
});

test('an answer that is no list is no empty list', async () => {
  expect((await run([{ kind: 'Status' }, 'oops' as never])).seen).toEqual([
    'false the answer is no list',
    'false the answer is no list',
  ]);
});

test('an empty list is believed only when it still is empty after a while', async () => {
  const { seen, pauses } = await run([
    list(['a'], '5'),
    { events: [new KubernetesError('away')] },
    list([], '1'),
    list(['a'], '9'),
  ]);
  expect(seen).toEqual(['true  n/a', 'false away n/a', 'true  n/a']);
  expect(pauses).toContain(10_000);
  expect((await run([list([], '1'), list([], '2')])).seen).toEqual(['true']);
});

test('a watch that ends without an event leads to a list, not to another watch at once', async () => {
  const { asked, seen } = await run([list(['a'], '5'), { events: [] }, list(['a'], '6')]);
  expect(asked.map((one) => one.split(' /')[0])).toEqual(['list', 'watch from 5', 'list', 'watch from 6']);
  expect(seen).toEqual(['true  n/a', 'true  n/a']);
});

test('more objects than a gateway has clusters are followed no further', async () => {
  const many = Array.from({ length: 1_001 }, (_, at) => `s${at}`);
  expect((await run([list(many, '5')])).seen).toEqual([
    'false more than 1000 objects have the label: none of their changes is followed',
  ]);
});

test('events that are none change nothing', async () => {
  const { seen } = await run([
    list(['a'], '5'),
    { events: [{}, { type: 'ADDED' }, { type: 'ADDED', object: { metadata: { name: 7 } } }] },
  ]);
  expect(seen).toEqual(['true  n/a']);
});
