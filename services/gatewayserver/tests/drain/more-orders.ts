import { type DrainWorld, MINUTE, TIMEOUT } from './drain-world.ts';
import type { Order } from './orders.ts';

const begun = (world: DrainWorld) => {
  world.router('r');
  world.begin();
};
const SOON = 5_000;
const ended = (world: DrainWorld) => world.cluster.running.clear();
const stored = (world: DrainWorld, id: string, coordinatorId = 'abcde') =>
  world.stored.set(id, { id, coordinatorId, startedAt: world.now() });

export const transactions: Order[] = [
  {
    title: 'an open transaction ties it, however long nothing runs in it',
    events: (world) => {
      begun(world);
      stored(world, 't');
      world.cluster.transactions.add('t');
      world.pass(30 * MINUTE);
    },
    ties: ['TRANSACTION'],
    afterwards: (world) => {
      world.cluster.transactions.clear();
      world.pass(SOON);
    },
  },
  {
    title: 'a transaction of a client that vanished ties nothing once the cluster has ended it',
    events: (world) => {
      begun(world);
      stored(world, 't');
      world.pass(SOON);
    },
  },
  {
    title: 'a transaction that began while the cluster was asked ties it',
    events: (world) => {
      begun(world);
      world.pass(SOON);
      stored(world, 't');
    },
    ties: ['TRANSACTION'],
    afterwards: (world) => world.pass(SOON),
  },
  {
    title: 'a transaction of an earlier incarnation ties nothing, whatever the clocks say',
    events: (world) => {
      begun(world);
      world.pass(SOON);
      stored(world, 't', 'zzzzz');
    },
  },
  {
    title:
      'without the word of the cluster a transaction counts until Trino would have ended it, and the rest stays unknown',
    events: (world) => {
      begun(world);
      world.cluster.transactionProblem = 'its user may not read system.runtime.transactions';
      stored(world, 't');
      world.pass(4 * MINUTE);
    },
    ties: ['TRANSACTION', 'UNKNOWN'],
    afterwards: (world) => {
      world.cluster.transactionProblem = '';
      world.pass(SOON);
    },
  },
  {
    title: 'a transaction that a router saw in use counts without the word of the cluster, however old it is',
    events: (world) => {
      begun(world);
      stored(world, 't');
      world.cluster.transactionProblem = 'no';
      world.router('r').transactions.add('t');
      world.pass(30 * MINUTE);
    },
    ties: ['TRANSACTION', 'UNKNOWN'],
    afterwards: (world) => {
      world.router('r').transactions.clear();
      world.cluster.transactionProblem = '';
      world.pass(SOON);
    },
  },
  {
    title: 'a transaction that a client opened at the cluster itself ties it, too',
    events: (world) => {
      begun(world);
      world.cluster.transactions.add('t');
      world.pass(SOON);
    },
    ties: ['TRANSACTION'],
    afterwards: (world) => {
      world.cluster.transactions.clear();
      world.pass(SOON);
    },
  },
];

export const direct: Order[] = [
  {
    title: 'a query whose client talks to the cluster itself ties it until the cluster says it is over',
    events: (world) => {
      begun(world);
      world.handedOver('1_abcde', 'r', { direct: true });
      world.cluster.running.add('1_abcde');
      world.pass(20 * MINUTE);
    },
    ties: ['DIRECT'],
    afterwards: (world) => {
      ended(world);
      world.pass(SOON);
    },
  },
  {
    title: 'a direct query that was handed over and not begun ties it for as long as its client may begin it',
    events: (world) => {
      begun(world);
      world.handedOver('1_abcde', 'r', { direct: true });
      world.pass(TIMEOUT - 2_000);
    },
    ties: ['DIRECT'],
    afterwards: (world) => world.pass(10_000),
  },
  {
    title: 'a direct query that came and went between two looks is over when its event says so',
    events: (world) => {
      begun(world);
      world.handedOver('1_abcde', 'r', { direct: true });
      world.pass(SOON);
    },
    ties: ['DIRECT'],
    afterwards: (world) => {
      world.endedInHistory.add('1_abcde');
      world.pass(SOON);
    },
  },
  {
    title: 'a query that reached the cluster without the gateway ties it',
    events: (world) => {
      begun(world);
      world.cluster.running.add('9_abcde');
      world.pass(MINUTE);
    },
    ties: ['DIRECT'],
    afterwards: (world) => {
      ended(world);
      world.pass(SOON);
    },
  },
];

export const clusters: Order[] = [
  {
    title: 'a cluster that was never asked leaves everything unknown',
    events: (world) => {
      begun(world);
      world.cluster.asked = false;
      world.pass(10 * MINUTE);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => {
      world.cluster.asked = true;
      world.pass(SOON);
    },
  },
  {
    title: 'a cluster that does not answer leaves unknown what it has, for as long as it does not',
    events: (world) => {
      begun(world);
      world.cluster.problem = 'connect ECONNREFUSED';
      world.pass(30 * MINUTE);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => {
      world.cluster.problem = '';
      world.pass(SOON);
    },
  },
  {
    title: 'what the cluster said before the drain does not count',
    events: (world) => {
      world.router('r');
      world.ask();
      world.cluster.asked = false;
      world.begin();
      world.pass(SOON);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => {
      world.cluster.asked = true;
      world.pass(SOON);
    },
  },
  {
    title: 'a monitor that fell silent proves nothing by what it said a while ago',
    events: (world) => {
      begun(world);
      world.router('r').underWay = 1;
      world.pass(SOON);
      world.cluster.asked = false;
      world.router('r').underWay = 0;
      world.pass(2 * MINUTE);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => {
      world.cluster.asked = true;
      world.pass(SOON);
    },
  },
  {
    title: 'another incarnation that answers proves nothing for this one',
    events: (world) => {
      begun(world);
      world.cluster.suffix = 'zzzzz';
      world.pass(MINUTE);
    },
    ties: ['UNKNOWN'],
  },
  {
    title: 'the cluster is asked once more after the last router has told that nothing is left',
    events: (world) => {
      begun(world);
      world.router('r').underWay = 1;
      world.pass(MINUTE);
      world.cluster.asked = false;
      world.router('r').underWay = 0;
      world.report('r');
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => {
      world.cluster.asked = true;
      world.pass(SOON);
    },
  },
  {
    title: 'more queries than the cluster names tie it, too',
    events: (world) => {
      begun(world);
      world.pass(SOON);
      const { last } = world.cluster;
      if (last) world.cluster.last = { ...last, queries: { known: true, ids: ['1_abcde'], count: 300 } };
    },
    ties: ['RUNNING', 'DIRECT'],
    afterwards: (world) => world.pass(SOON),
  },
];
