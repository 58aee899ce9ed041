import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AdmissionEntry, Forgotten } from '../../../src/storage/contract/admission.ts';
import type { Store } from '../../../src/storage/contract/store.ts';
import { admissionCommands } from '../../admission/support/replica-commands.ts';
import { runOnReplicas } from '../../admission/support/replicas.ts';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';
import { holdAdmission } from '../hold-admission.ts';

const lease = (id: string, document = '{}'): AdmissionEntry => ({ kind: 'lease', id, document });
const write = (store: Store, entries: AdmissionEntry[], forgotten: Forgotten[] = []) =>
  store.admission.change(undefined, () => ({ entries, sealed: [], forgotten }));
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env.STORE_RUNS ?? 200);

/** Leases and waiters, which replicas change one after the other, and the sealed texts of waiters. */
export function admissionContract(fresh: NewDatabase, { lasting }: { lasting: boolean }): void {
  describe('admission', () => {
    test(
      'a replica reads what others changed after its version, tombstones included, and nothing when nothing changed',
      withStore(fresh, async ({ store }) => {
        const first = await write(store, [lease('a'), lease('b'), { kind: 'hold', id: 'a', document: 'true' }]);
        expect(await store.admission.changes(first)).toBeUndefined();
        const second = await write(store, [lease('a', ''), lease('b', '{"x":"ä\'"}')]);
        expect(second).toBe(first + 1);
        const changes = await store.admission.changes(first);
        expect(changes?.entries.toSorted((x, y) => (x.id < y.id ? -1 : 1))).toEqual([
          lease('a', ''),
          lease('b', '{"x":"ä\'"}'),
        ]);
        expect(changes).toMatchObject({ version: second, whole: false });
        const all = await store.admission.changes(undefined);
        expect(all).toMatchObject({ version: second, whole: true });
        expect(all?.entries).toHaveLength(2);
        expect(Math.abs((all?.now ?? 0) - Date.now())).toBeLessThan(60_000);
      }),
    );

    test(
      'a replica that is ahead of a restored database reads everything again',
      withStore(fresh, async ({ store }) => {
        const version = await write(store, [lease('a')]);
        const entries = [lease('a')];
        expect(await store.admission.changes(version + 5)).toMatchObject({ version, whole: true, entries });
        await store.admission.change(version + 5, (changes) => {
          expect(changes).toMatchObject({ version, whole: true, entries });
          return { entries: [], sealed: [], forgotten: [] };
        });
      }),
    );

    test(
      'a failed change leaves no trace, and one that writes nothing does not count',
      withStore(fresh, async ({ store }) => {
        const before = await write(store, [lease('a')]);
        const failing = store.admission.change(before, () => {
          throw new Error('no');
        });
        await expect(failing).rejects.toThrow('no');
        expect(await write(store, [])).toBe(before);
        expect(await store.admission.changes(before)).toBeUndefined();
      }),
    );

    test(
      'a sealed text of ten megabytes is kept as it is, the first one stands, and it goes with its waiter',
      withStore(fresh, async ({ store }) => {
        const large = new Uint8Array(10_000_000).fill(7);
        await store.sealedTexts.put({ id: 't', part: 'statement', sealed: large });
        await store.sealedTexts.put({ id: 't', part: 'statement', sealed: bytes('other') });
        await store.sealedTexts.put({ id: 'u', part: 'statement', sealed: bytes('u') });
        expect(Buffer.compare((await store.sealedTexts.get('t', 'statement')) ?? bytes(''), large)).toBe(0);
        expect(await store.sealedTexts.get('t', 'another')).toBeUndefined();
        await write(store, [{ kind: 'waiter', id: 't', document: '' }], [{ id: 't' }]);
        expect(await store.sealedTexts.get('t', 'statement')).toBeUndefined();
        expect(await store.sealedTexts.get('u', 'statement')).toEqual(bytes('u'));
      }),
    );

    test(
      'one part of a sealed text can be deleted alone, also by a change that writes nothing else',
      withStore(fresh, async ({ store }) => {
        const parts = async () =>
          (await Promise.all(['statement', 'answer'].map((part) => store.sealedTexts.get('t', part)))).map(Boolean);
        for (const part of ['statement', 'answer']) await store.sealedTexts.put({ id: 't', part, sealed: bytes(part) });
        await store.sealedTexts.put({ id: 'u', part: 'statement', sealed: bytes('u') });
        const before = await write(
          store,
          [{ kind: 'waiter', id: 't', document: '{}' }],
          [{ id: 't', part: 'statement' }],
        );
        expect(await parts()).toEqual([false, true]);
        expect(await write(store, [], [{ id: 't', part: 'answer' }])).toBe(before);
        expect(await parts()).toEqual([false, false]);
        expect(await store.sealedTexts.get('u', 'statement')).toEqual(bytes('u'));
      }),
    );

    test(
      'pruning deletes past entries and keeps waiting ones',
      withStore(fresh, async ({ store }) => {
        await store.sealedTexts.put({ id: 't', part: 'statement', sealed: bytes('t') });
        await store.sealedTexts.put({ id: 'orphan', part: 'statement', sealed: bytes('o') });
        await write(store, [{ kind: 'waiter', id: 't', document: '{}' }, lease('a', '')]);
        await store.admission.prune(60_000);
        expect(await store.sealedTexts.get('orphan', 'statement')).toBeDefined();
        await store.admission.prune(-60_000);
        expect(await store.sealedTexts.get('orphan', 'statement')).toBeUndefined();
        expect(await store.sealedTexts.get('t', 'statement')).toBeDefined();
        expect((await store.admission.changes(0))?.entries).toEqual([{ kind: 'waiter', id: 't', document: '{}' }]);
      }),
    );

    test(
      'pruning deletes any number of tombstones',
      withStore(fresh, async ({ store }) => {
        const over = Array.from({ length: 1_200 }, (_, at) => lease(`over${at}`, ''));
        await write(store, [...over, lease('taken'), { kind: 'waiter', id: 'over1', document: '' }]);
        await store.admission.prune(-60_000);
        expect((await store.admission.changes(0))?.entries).toEqual([lease('taken')]);
      }),
    );

    if (!lasting) return;

    test(
      'pruning blocks no admission',
      withStore(fresh, async ({ store, url }) => {
        if (/^sqlite/.test(url)) return; // one writer at a time, in short steps
        await write(store, [lease('a', '')]);
        await using _lock = await holdAdmission(url);
        await store.admission.prune(-60_000);
        expect((await store.admission.changes(0))?.entries).toEqual([]);
      }),
    );

    test(
      'changes of two replicas run one after the other',
      withStore(fresh, async ({ store, another }) => {
        const stores = [store, await another()];
        const count = (entries: AdmissionEntry[]) => Number(entries.find(({ id }) => id === 'count')?.document ?? 0);
        await Promise.all(
          Array.from({ length: 40 }, (_, at) =>
            (stores[at % 2] ?? store).admission.change(undefined, ({ entries }) => ({
              entries: [lease('count', String(count(entries) + 1))],
              sealed: [],
              forgotten: [],
            })),
          ),
        );
        expect(count((await store.admission.changes(undefined))?.entries ?? [])).toBe(40);
      }),
    );

    test(
      'a change that had to wait sees the configuration that was committed meanwhile',
      withStore(fresh, async ({ store, another, url }) => {
        if (/^sqlite/.test(url)) return; // its transactions wait before they read anything
        const other = await another();
        await using lock = await holdAdmission(url);
        let decidedBy: number | undefined;
        const waiting = store.admission.change(undefined, ({ configuration }) => {
          decidedBy = configuration;
          return { entries: [], sealed: [], forgotten: [] };
        });
        await lock.awaited();
        await other.configuration.change(async () => {});
        await lock[Symbol.asyncDispose]();
        await waiting;
        expect(decidedBy).toBe((await other.revisions.read()).configuration);
      }),
    );

    test(
      `two replicas that crash and whose clocks differ never exceed the limit, run nothing twice and lose no query (SEED=${SEED} STORE_RUNS=${RUNS})`,
      withStore(fresh, async ({ store, another }) => {
        const stores = [store, await another()] as const;
        await fc.assert(
          fc.asyncProperty(admissionCommands, (commands) => runOnReplicas(stores, commands)),
          { numRuns: RUNS, seed: SEED },
        );
      }),
      300_000,
    );
  });
}
