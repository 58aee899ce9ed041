import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';

/** What the processes of a suite share beside objects, queries and slots. */
export function suiteContract(fresh: NewDatabase): void {
  describe('suite', () => {
    test(
      'a ping answers',
      withStore(fresh, async ({ store }) => {
        await expect(store.ping()).resolves.toBeUndefined();
      }),
    );

    test(
      'the signing key is drawn once',
      withStore(fresh, async ({ store }) => {
        const keys = await Promise.all([
          store.suiteSecrets.signingKey(),
          store.suiteSecrets.signingKey(),
          store.suiteSecrets.signingKey(),
        ]);
        expect(keys[0]).toHaveLength(32);
        for (const key of keys) expect(key).toEqual(keys[0]);
      }),
    );

    test(
      'a duty has one holder at a time, and a new one once it has expired or was released',
      withStore(fresh, async ({ store }) => {
        const hold = (holder: string, ms = 60_000) => store.duties.hold('purge', holder, ms);
        const taken = await Promise.all(['one', 'two', 'three'].map((holder) => hold(holder)));
        expect(taken.filter(Boolean)).toHaveLength(1);
        const winner = ['one', 'two', 'three'][taken.indexOf(true)] ?? '';
        expect(await hold(winner)).toBe(true);
        expect(await hold('late')).toBe(false);
        expect(await store.duties.hold('something else', 'late', 60_000)).toBe(true);
        await store.duties.end('purge', 'late');
        expect(await hold('late')).toBe(false);
        await store.duties.end('purge', winner);
        expect(await hold('late', 1)).toBe(true);
        // Its holder died: another one takes it when it has expired.
        while (!(await hold('heir'))) await pause(1);
        expect(await hold('late')).toBe(false);
      }),
    );
  });
}
