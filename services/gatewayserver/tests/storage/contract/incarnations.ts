import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { Backend_ForwardedHeaders, IncarnationSchema } from '@trino-gateway/api/gateway';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';

/** A coordinator of backend `a` that was seen between two moments. */
export const incarnation = (
  suffix: string,
  firstMs: number,
  lastMs: number,
  more: { url?: string; backendId?: string; caFile?: string } = {},
) =>
  create(IncarnationSchema, {
    suffix,
    backendId: more.backendId ?? 'a',
    url: more.url ?? 'http://a:8080',
    forwardedHeaders: Backend_ForwardedHeaders.SEND,
    firstSeenAt: timestampFromMs(firstMs),
    lastSeenAt: timestampFromMs(lastMs),
    ...(more.caFile !== undefined && { tls: { caFile: more.caFile } }),
  });

/** Incarnations of coordinators. */
export function incarnationsContract(fresh: NewDatabase): void {
  describe('incarnations', () => {
    test(
      'an incarnation keeps when it was first seen, its address and its place in the list',
      withStore(fresh, async ({ store }) => {
        await store.incarnations.record(incarnation('bbbbb', 10, 20));
        await store.incarnations.record(incarnation('bbbbb', 15, 18));
        await store.incarnations.record(incarnation('aaaaa', 1, 2, { url: 'http://other' }));
        await store.incarnations.record(incarnation('bbbbb', 5, 30, { url: 'http://another' }));
        const stored = await store.incarnations.read();
        expect(stored.incarnations).toEqual([
          incarnation('aaaaa', 1, 2, { url: 'http://other' }),
          incarnation('bbbbb', 10, 20),
          incarnation('bbbbb', 5, 30, { url: 'http://another' }),
        ]);
        expect(stored.revision).toBe(3);
        await store.incarnations.record(incarnation('bbbbb', 10, 20, { backendId: 'renamed' }));
        expect((await store.revisions.read()).incarnations).toBe(4);
      }),
    );

    test(
      'an incarnation keeps the TLS settings its backend had last',
      withStore(fresh, async ({ store }) => {
        await store.incarnations.record(incarnation('bbbbb', 1, 2, { caFile: '/old.pem' }));
        await store.incarnations.record(incarnation('bbbbb', 1, 2, { caFile: '/new.pem' }));
        const { revision, incarnations } = await store.incarnations.read();
        expect([revision, incarnations]).toEqual([2, [incarnation('bbbbb', 1, 2, { caFile: '/new.pem' })]]);
        await store.incarnations.record(incarnation('bbbbb', 1, 2));
        expect((await store.incarnations.read()).incarnations).toEqual([incarnation('bbbbb', 1, 2)]);
      }),
    );

    test(
      'pruning keeps the incarnations that are in use',
      withStore(fresh, async ({ store }) => {
        for (const suffix of ['aaaaa', 'bbbbb', 'ccccc']) await store.incarnations.record(incarnation(suffix, 1, 10));
        const { incarnations } = await store.revisions.read();
        await store.incarnations.touch(['bbbbb', 'nobod', 'bbbbb'], new Date(50));
        await store.incarnations.touch(['bbbbb'], new Date(40));
        await store.incarnations.touch([], new Date(60));
        expect((await store.revisions.read()).incarnations).toBe(incarnations);
        await store.incarnations.prune(new Date(50));
        expect(await store.incarnations.read()).toEqual({
          revision: incarnations + 1,
          incarnations: [incarnation('bbbbb', 1, 50)],
        });
        await store.incarnations.prune(new Date(50));
        expect((await store.revisions.read()).incarnations).toBe(incarnations + 1);
      }),
    );
  });
}
