import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { Backend_ForwardedHeaders, TransactionSchema } from '@trino-gateway/api/gateway';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';

const transaction = (id: string, url = 'http://a:8080') =>
  create(TransactionSchema, { id, backendId: 'a', url, forwardedHeaders: Backend_ForwardedHeaders.OMIT });
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000);

/** Open transactions: stored before a client may use one, so that any router finds it. */
export function transactionsContract(fresh: NewDatabase): void {
  describe('open transactions', () => {
    test(
      'one opened through a router is found by every replica until it ends',
      withStore(fresh, async ({ store }) => {
        expect(await store.transactions.find('t')).toBeUndefined();
        await store.transactions.record(transaction('t'), at(1));
        expect(await store.transactions.find('t')).toEqual(transaction('t'));
        await store.transactions.end('t');
        await store.transactions.end('t');
        expect(await store.transactions.find('t')).toBeUndefined();
      }),
    );

    test(
      'a repeated report changes nothing, and nobody can move a transaction to another cluster',
      withStore(fresh, async ({ store }) => {
        await Promise.all([1, 2, 3].map(() => store.transactions.record(transaction('t'), at(1))));
        await store.transactions.record(transaction('t', 'http://other:8080'), at(2));
        expect(await store.transactions.find('t')).toEqual(transaction('t'));
      }),
    );

    test(
      'pruning deletes transactions that nobody ended, and keeps younger ones',
      withStore(fresh, async ({ store }) => {
        await store.transactions.record(transaction('old'), at(1));
        await store.transactions.record(transaction('young'), at(10));
        await store.transactions.prune(at(10));
        expect(await store.transactions.find('old')).toBeUndefined();
        expect(await store.transactions.find('young')).toEqual(transaction('young'));
      }),
    );
  });
}
