import type { Kind } from '../../src/drain/tie.ts';
import { type DrainWorld, MINUTE, TIMEOUT } from './drain-world.ts';

/** An order of events. */
export type Order = {
  title: string;
  /** What happens, until the point at which something must still tie the cluster. */
  events: (world: DrainWorld) => void;
  /** What ties it then; absent: it is drained. */
  ties?: Kind[];
  /** What happens afterwards, and leaves it drained. */
  afterwards?: (world: DrainWorld) => void;
};

/** A drain of which one router has taken note. */
const begun = (world: DrainWorld) => {
  world.router('r');
  world.begin();
};
const SOON = 5_000;
const ended = (world: DrainWorld) => world.cluster.running.clear();

export const statements: Order[] = [
  {
    title: 'a cluster with nothing is drained once its router and the cluster have said so',
    events: begun,
    ties: ['UNKNOWN'],
    afterwards: (world) => world.pass(SOON),
  },
  {
    title: 'a query that runs ties it until its last page has passed',
    events: (world) => {
      begun(world);
      world.polled('1_abcde', 'r');
      world.pass(MINUTE);
    },
    ties: ['RUNNING'],
    afterwards: (world) => {
      ended(world);
      world.fetched('1_abcde', 'r');
      world.pass(SOON);
    },
  },
  {
    title: 'a query decided on another replica just before the drain ties it until its router says it is over',
    events: (world) => {
      begun(world);
      world.router('r').underWay = 1;
      world.pass(20_000);
    },
    ties: ['UNANSWERED'],
    afterwards: (world) => {
      world.router('r').underWay = 0;
      world.pass(SOON);
    },
  },
  {
    title: 'a router that has not taken note of the drain may still be sending there',
    events: (world) => {
      begun(world);
      world.router('r').reports = false;
      world.pass(SOON);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => {
      world.router('r').reports = true;
      world.pass(SOON);
    },
  },
  {
    title: 'what a router told of an earlier drain of the same cluster says nothing of this one',
    events: (world) => {
      begun(world);
      world.pass(SOON);
      world.router('r').reports = false;
      world.begin();
      world.pass(3_000);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => {
      world.router('r').reports = true;
      world.pass(SOON);
    },
  },
  {
    title: 'a first page in the hand of a client ties it, as its first poll starts the query',
    events: (world) => {
      begun(world);
      world.handedOver('1_abcde', 'r');
      world.pass(4 * MINUTE);
    },
    ties: ['UNANSWERED'],
    afterwards: (world) => {
      world.polled('1_abcde', 'r');
      world.pass(SOON);
      ended(world);
      world.fetched('1_abcde', 'r');
      world.pass(SOON);
    },
  },
  {
    title: 'a client that never polls its first page ties it no longer than Trino would wait for it',
    events: (world) => {
      begun(world);
      world.handedOver('1_abcde', 'r');
      world.pass(TIMEOUT - 2_000);
    },
    ties: ['UNANSWERED'],
    afterwards: (world) => world.pass(10_000),
  },
  {
    title: 'a first page whose client polls at another router ties it there',
    events: (world) => {
      world.router('s');
      begun(world);
      world.handedOver('1_abcde', 'r');
      world.pass(4 * MINUTE);
      world.polled('1_abcde', 's');
      world.pass(2 * MINUTE);
    },
    ties: ['RUNNING'],
    afterwards: (world) => {
      ended(world);
      world.fetched('1_abcde', 's');
      world.pass(SOON);
    },
  },
  {
    title: 'a statement that hangs at the cluster ties it until its router has given it up',
    events: (world) => {
      begun(world);
      world.leases.set('s1', { id: 's1', queryId: '', phase: 'TAKEN', usedAt: world.now() });
      world.pass(SOON);
    },
    ties: ['UNANSWERED'],
    afterwards: (world) => {
      world.leases.clear();
      world.pass(SOON);
    },
  },
  {
    title: 'a waiter that is offered a slot there ties it until the offer has ended',
    events: (world) => {
      begun(world);
      world.leases.set('s1', { id: 's1', queryId: '', phase: 'TAKEN', usedAt: world.now() });
      world.offered.add('s1');
      world.pass(SOON);
    },
    ties: ['WAITING_HERE'],
    afterwards: (world) => {
      world.leases.clear();
      world.offered.clear();
      world.pass(SOON);
    },
  },
  {
    title: 'a lease of a query that runs ties it also when no router knows of the query',
    events: (world) => {
      begun(world);
      world.leases.set('s1', { id: 's1', queryId: '1_abcde', phase: 'RUNNING', usedAt: world.now() });
      world.cluster.running.add('1_abcde');
      world.pass(MINUTE);
    },
    ties: ['RUNNING'],
    afterwards: (world) => {
      ended(world);
      world.pass(SOON);
    },
  },
  {
    title: 'a lease that nobody has settled ties nothing once the cluster says its query is over',
    events: (world) => {
      begun(world);
      world.leases.set('s1', { id: 's1', queryId: '1_abcde', phase: 'RUNNING', usedAt: world.now() });
      world.pass(SOON);
    },
  },
  {
    title: 'a lease of an earlier incarnation ties nothing',
    events: (world) => {
      begun(world);
      world.leases.set('s1', { id: 's1', queryId: '1_zzzzz', phase: 'RUNNING', usedAt: world.now() });
      world.pass(SOON);
    },
  },
];

export const pages: Order[] = [
  {
    title: 'a query that the cluster has finished ties it until its last page is fetched',
    events: (world) => {
      begun(world);
      world.polled('1_abcde', 'r');
      world.pass(SOON);
      ended(world);
      world.pass(MINUTE);
    },
    ties: ['UNFETCHED'],
    afterwards: (world) => {
      world.fetched('1_abcde', 'r');
      world.pass(SOON);
    },
  },
  {
    title: 'a client that vanished before its last page ties it for as long as it may come back',
    events: (world) => {
      begun(world);
      world.polled('1_abcde', 'r');
      world.pass(SOON);
      ended(world);
      world.pass(TIMEOUT - 10_000);
    },
    ties: ['UNFETCHED'],
    afterwards: (world) => world.pass(20_000),
  },
  {
    title: 'a client that vanished ties it for as long as its query runs',
    events: (world) => {
      begun(world);
      world.polled('1_abcde', 'r');
      world.pass(30 * MINUTE);
    },
    ties: ['RUNNING'],
    afterwards: (world) => {
      ended(world);
      world.pass(SOON);
    },
  },
  {
    title: 'a last page that passed at another router frees the query of both',
    events: (world) => {
      world.router('s');
      begun(world);
      world.polled('1_abcde', 'r');
      world.pass(SOON);
      ended(world);
      world.pass(SOON);
    },
    ties: ['UNFETCHED'],
    afterwards: (world) => {
      world.fetched('1_abcde', 's');
      world.pass(SOON);
    },
  },
  {
    title: 'the pages of a router that stopped are fetched at another one, and tie it until then',
    events: (world) => {
      world.router('s');
      begun(world);
      world.polled('1_abcde', 'r');
      world.report('r');
      world.router('r').left = true;
      world.pass(SOON);
      ended(world);
      world.pass(MINUTE);
    },
    ties: ['UNFETCHED'],
    afterwards: (world) => {
      world.fetched('1_abcde', 's');
      world.pass(SOON);
    },
  },
  {
    title: 'a router that stopped with nothing ties nothing',
    events: (world) => {
      begun(world);
      world.pass(SOON);
      world.router('r').left = true;
      world.pass(SOON);
    },
  },
  {
    title: 'a poll while the cluster was asked keeps a query from counting as finished',
    events: (world) => {
      begun(world);
      world.pass(SOON);
      world.ask();
      world.polled('1_abcde', 'r');
      world.report('r');
    },
    ties: ['RUNNING'],
    afterwards: (world) => {
      ended(world);
      world.fetched('1_abcde', 'r');
      world.pass(SOON);
    },
  },
];
