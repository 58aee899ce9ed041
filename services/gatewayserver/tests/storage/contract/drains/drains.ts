import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { BackendSchema, TransactionSchema } from '@trino-gateway/api/gateway';
import { DrainEndedError, type StoredSeal } from '../../../../src/storage/contract/drains.ts';
import type { Store } from '../../../../src/storage/contract/store.ts';
import type { NewDatabase } from '../../../support/databases.ts';
import { withStore } from '../../../support/with-store.ts';

const here = { backendId: 'b', suffix: 'abcde', url: 'http://b' };

const put = (store: Store, id = 'b') =>
  store.configuration.change(({ backends }) => backends.put(create(BackendSchema, { id, url: `http://${id}` })));
const setEnabled = (store: Store, enabled: boolean) =>
  store.configuration.change(({ backends }) => backends.setEnabled('b', enabled));
const putSeal = (store: Store, seal: StoredSeal) =>
  store.admission.change(undefined, () => ({
    entries: [{ kind: 'seal', id: seal.suffix, document: JSON.stringify(seal) }],
    sealed: [],
    forgotten: [],
  }));

async function drained(store: Store) {
  await put(store);
  await store.configuration.change(({ backends }) => backends.drain('b'));
  const drain = await store.drains.begin(here);
  if (drain === undefined) throw new Error('no drain');
  return drain;
}

/** Drains, the seals that end them, and what routers tell. */
export function drainsContract(fresh: NewDatabase, { lasting }: { lasting: boolean }): void {
  describe('drains', () => {
    test(
      'one begins only while its backend takes no new queries, and asking again finds the same',
      withStore(fresh, async ({ store }) => {
        expect(await store.drains.begin(here)).toBeUndefined();
        await put(store);
        expect(await store.drains.begin(here)).toBeUndefined();
        const drain = await drained(store);
        expect(Math.abs(drain.begunAt - Date.now())).toBeLessThan(60_000);
        expect(await store.drains.begin(here)).toEqual(drain);
        expect(await store.drains.read()).toEqual({ revision: drain.revision, drains: [drain], seals: [] });
        expect(await store.revisions.read()).toMatchObject({ drains: drain.revision });
        const next = await store.drains.begin({ ...here, suffix: 'fghij' });
        expect(next?.revision).toBeGreaterThan(drain.revision);
        expect((await store.drains.read()).drains).toEqual([next]);
      }),
    );

    test(
      'it ends with the change that lets its backend take queries again, and one that begins later is another one',
      withStore(fresh, async ({ store }) => {
        const drain = await drained(store);
        await setEnabled(store, true);
        const open = await store.drains.read();
        expect(open.drains).toEqual([]);
        expect(open.revision).toBeGreaterThan(drain.revision);
        await setEnabled(store, false);
        const later = await store.drains.begin(here);
        expect(later?.revision).toBeGreaterThan(open.revision);
        await store.drains.end(drain);
        expect((await store.drains.read()).drains).toEqual([later]);
        await store.configuration.change(({ backends }) => backends.delete('b'));
        expect((await store.drains.read()).drains).toEqual([]);
      }),
    );

    test(
      'one that nobody asks for ends',
      withStore(fresh, async ({ store }) => {
        await drained(store);
        await store.drains.endUnasked(60_000);
        expect((await store.drains.read()).drains).toHaveLength(1);
        await store.drains.endUnasked(-1_000);
        expect((await store.drains.read()).drains).toEqual([]);
      }),
    );

    test(
      'a seal is stored with the leases beside it, and stays when its backend is enabled',
      withStore(fresh, async ({ store }) => {
        const drain = await drained(store);
        const seal = { ...here, drain: drain.revision, sealedAt: 1 };
        await putSeal(store, seal);
        const sealed = await store.drains.read();
        expect(sealed.seals).toEqual([seal]);
        expect(sealed.revision).toBeGreaterThan(drain.revision);
        await setEnabled(store, true);
        expect(await store.drains.read()).toMatchObject({ drains: [], seals: [seal] });
        // It takes no queries, and whether it is drained can still be proven.
        expect(await store.drains.begin(here)).toBeDefined();
        await putSeal(store, { ...seal, provenAt: 2 });
        expect((await store.drains.read()).seals).toEqual([{ ...seal, provenAt: 2 }]);
      }),
    );

    test(
      'nothing is sealed once the drain has ended, and what was to be stored with it is not',
      withStore(fresh, async ({ store }) => {
        const drain = await drained(store);
        await setEnabled(store, true);
        const change = store.admission.change(undefined, () => ({
          entries: [
            { kind: 'lease', id: 'l', document: '{}' },
            { kind: 'seal', id: 'abcde', document: JSON.stringify({ ...here, drain: drain.revision, sealedAt: 1 }) },
          ],
          sealed: [],
          forgotten: [],
        }));
        await expect(change).rejects.toThrow(DrainEndedError);
        expect((await store.admission.changes(undefined))?.entries ?? []).toEqual([]);
      }),
    );

    // A database in memory has one replica.
    if (lasting)
      test(
        'enabling and sealing at the same time: either it is sealed, or the drain had ended before',
        withStore(fresh, async ({ store, another }) => {
          const other = await another();
          const drain = await drained(store);
          const seal = { ...here, drain: drain.revision, sealedAt: 1 };
          const [sealing] = await Promise.allSettled([putSeal(store, seal), setEnabled(other, true)]);
          const { seals, drains } = await store.drains.read();
          expect(drains).toEqual([]);
          expect(seals).toHaveLength(sealing?.status === 'fulfilled' ? 1 : 0);
        }),
      );

    test(
      'the latest report of a router counts, whichever arrives last',
      withStore(fresh, async ({ store }) => {
        await store.drains.report({ routerId: 'r', number: 2, document: 'two' });
        await store.drains.report({ routerId: 'r', number: 1, document: 'one' });
        await Promise.all(
          [3, 4, 5].map((number) => store.drains.report({ routerId: 's', number, document: `${number}` })),
        );
        const { now, reports } = await store.drains.reports();
        expect(reports).toMatchObject([
          { routerId: 'r', number: 2, document: 'two' },
          { routerId: 's', number: 5, document: '5' },
        ]);
        for (const { reportedAt } of reports) expect(now - reportedAt).toBeLessThan(60_000);
        await store.drains.prune(60_000);
        expect((await store.drains.reports()).reports).toHaveLength(2);
        await store.drains.prune(-1_000);
        expect((await store.drains.reports()).reports).toEqual([]);
      }),
    );

    test(
      'open transactions are found by the address of their cluster, with the incarnation that has them',
      withStore(fresh, async ({ store }) => {
        const transaction = (id: string, url: string, coordinatorId: string) =>
          create(TransactionSchema, { id, backendId: 'b', url, coordinatorId });
        await store.transactions.record(transaction('t', 'http://b', 'abcde'), new Date(5_000));
        await store.transactions.record(transaction('old', 'http://b', ''), new Date(1_000));
        await store.transactions.record(transaction('other', 'http://c', 'fghij'), new Date(2_000));
        expect(await store.transactions.at('http://b')).toEqual([
          { id: 't', coordinatorId: 'abcde', startedAt: 5_000 },
          { id: 'old', coordinatorId: '', startedAt: 1_000 },
        ]);
      }),
    );
  });
}
