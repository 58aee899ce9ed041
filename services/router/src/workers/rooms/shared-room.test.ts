import { expect, test } from '@jest/globals';
import type { NoRoom } from '../../limits/room.ts';
import { createPool } from './pool.ts';
import { createSharedRoom, type SharedRoom } from './shared-room.ts';

/** Several processes that take from one pool; each message between them takes a turn of the event loop. */
function processes(count: number, most: number, mostEach: number) {
  const asked: string[] = [];
  const clock = { now: 0 };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const pool = createPool({
    most,
    mostEach,
    takers: () => count,
    collect: async (owner, except) => {
      for (const [taker, room] of rooms.entries()) {
        if (taker === except) continue;
        await turn();
        pool.returned(taker, room.spare(owner));
      }
    },
  });
  const rooms: SharedRoom[] = Array.from({ length: count }, (_, taker) =>
    createSharedRoom(
      {
        ask: async (owner, missing) => {
          asked.push(`${taker} ${owner} ${missing}`);
          await turn();
          return await pool.ask(taker, owner, missing);
        },
        took: (owner, taken) => pool.took(taker, owner, taken),
        giveBack: (returned) => pool.returned(taker, returned),
      },
      () => clock.now,
    ),
  );
  return { pool, rooms, asked, clock };
}

async function takeMany(
  room: SharedRoom | undefined,
  owner: string,
  times: number,
): Promise<(true | NoRoom | undefined)[]> {
  return await Promise.all(Array.from({ length: times }, async () => await room?.take(owner, 1)));
}

const admitted = (answers: readonly unknown[]) => answers.filter((answer) => answer === true).length;

test('however many processes take at the same time, all together get as much as there is, and not one more', async () => {
  const { rooms, pool } = processes(3, 10, 7);
  const answers = await Promise.all(rooms.map((room, at) => takeMany(room, `client ${at}`, 8)));
  expect(admitted(answers.flat())).toBe(10);
  expect(rooms.reduce((sum, room) => sum + room.taken(), 0)).toBe(10);
  expect(pool.given()).toBe(10);
});

test('one owner gets its share, whichever processes it comes to, and may have it all at one of them', async () => {
  const { rooms, clock } = processes(2, 100, 6);
  expect(await takeMany(rooms[0], 'ann', 8)).toEqual([true, true, true, true, true, true, 'share', 'share']);
  expect(await rooms[1]?.take('ann', 1)).toBe('share');
  rooms[0]?.give('ann', 6);
  expect(await rooms[1]?.take('ann', 1)).toBe('share'); // a refusal holds for a moment
  clock.now += 10;
  // What one process has and does not use is the other's, at once.
  expect(admitted(await takeMany(rooms[1], 'ann', 6))).toBe(6);
});

test('what was given once is taken again and again without asking', async () => {
  const { rooms, asked } = processes(2, 1_000, 700);
  const [room] = rooms;
  expect(await room?.take('ann', 1)).toBe(true);
  for (let poll = 0; poll < 50; poll++) {
    expect(room?.take('ann', 1)).toBe(true);
    room?.give('ann', 1);
  }
  expect(asked).toEqual(['0 ann 1']);
});

test('what is not in use for a while goes back, and that of a process that ended is free', async () => {
  const { rooms, pool } = processes(2, 10, 10);
  await rooms[0]?.take('ann', 2);
  rooms[0]?.give('ann', 2);
  rooms[0]?.giveBackIdle();
  expect(pool.given()).toBeGreaterThan(0);
  rooms[0]?.giveBackIdle();
  expect(pool.given()).toBe(0);
  await rooms[1]?.take('ann', 3);
  pool.left(1);
  expect(pool.given()).toBe(0);
});

test('what cannot be refused counts for all, and limits that change hold for what comes', async () => {
  const { rooms, pool } = processes(2, 10, 10);
  rooms[0]?.takeAnyway('ann', 25);
  expect(pool.given()).toBe(25);
  expect(await rooms[1]?.take('bob', 1)).toBe('all');
  expect(await rooms[1]?.fits('bob', 1)).toBe(false);
  pool.resize(40, 3);
  expect(await rooms[1]?.take('carl', 4)).toBe('share');
  expect(await rooms[1]?.take('carl', 3)).toBe(true);
});
