import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { createDistribution } from './distribute.ts';

function bed() {
  const distribution = createDistribution();
  const handed: Record<number, number[]> = {};
  const released: number[] = [];
  const sockets: Socket[] = [];
  return {
    distribution,
    handed,
    released,
    sockets,
    connect: (connection: number, isAdmitted = true) => {
      const socket = new Socket();
      sockets[connection] = socket;
      const release = () => void released.push(connection);
      distribution.accepted({ connection, listener: 0, isAdmitted, socket, release });
    },
    join: (worker: number) => {
      handed[worker] = [];
      distribution.joined(worker, ({ connection }) => void handed[worker]?.push(connection));
    },
  };
}

test('connections wait for the first worker, and then go to the one that has the fewest', () => {
  const { distribution, handed, connect, join } = bed();
  connect(1);
  connect(2);
  join(1);
  expect(handed[1]).toEqual([1, 2]);
  for (const one of [1, 2]) distribution.taken(1, one);
  join(2);
  for (const one of [3, 4]) {
    connect(one);
    distribution.taken(2, one);
  }
  expect(handed[2]).toEqual([3, 4]);
  distribution.closed(1, 1);
  connect(5);
  expect(handed[1]).toEqual([1, 2, 5]);
});

test('a worker that does not take what it is given gets no more while others do', () => {
  const { distribution, handed, connect, join } = bed();
  join(1);
  join(2);
  for (let one = 1; one <= 6; one++) {
    connect(one);
    if (handed[2]?.at(-1) === one) distribution.taken(2, one);
  }
  expect(handed[1]).toHaveLength(1);
});

test('of a worker that ends what it had not taken goes to another one, and what it had is given back', () => {
  const { distribution, handed, released, sockets, connect, join } = bed();
  join(1);
  connect(1);
  distribution.taken(1, 1);
  expect(sockets[1]?.destroyed).toBe(true);
  connect(2);
  distribution.left(1);
  expect(released).toEqual([1]);
  expect(sockets[2]?.destroyed).toBe(false);
  join(2);
  expect(handed[2]).toEqual([2]);
  distribution.closed(2, 2);
  distribution.closed(2, 2);
  expect(released).toEqual([1, 2]);
});

test('those beyond the limit wait for nobody, and at the stop those that wait are closed', () => {
  const { distribution, released, sockets, connect, join, handed } = bed();
  connect(1, false);
  connect(2);
  expect([sockets[1]?.destroyed, sockets[2]?.destroyed]).toEqual([true, false]);
  distribution.stop();
  expect(sockets[2]?.destroyed).toBe(true);
  expect(released).toEqual([1, 2]);
  join(1);
  connect(3);
  expect(handed[1]).toEqual([]);
});
