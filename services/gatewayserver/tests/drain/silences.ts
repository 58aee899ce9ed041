import { type DrainWorld, MINUTE, TIMEOUT } from './drain-world.ts';
import type { Order } from './orders.ts';

/** A drain of which one router has taken note. */
const begun = (world: DrainWorld) => {
  world.router('r');
  world.begin();
};
const SOON = 5_000;
const ended = (world: DrainWorld) => world.cluster.running.clear();

export const silences: Order[] = [
  {
    title:
      'a router that fell silent without stopping leaves unknown what its clients have in hand, and no longer than they wait',
    events: (world) => {
      begun(world);
      world.pass(3_000);
      world.handedOver('1_abcde', 'r');
      world.router('r').reports = false;
      world.pass(TIMEOUT - MINUTE);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => world.pass(2 * MINUTE),
  },
  {
    title: 'what runs of a silent router is known by the cluster when its time is over',
    events: (world) => {
      begun(world);
      world.polled('1_abcde', 'r');
      world.pass(2_000);
      world.router('r').reports = false;
      world.pass(TIMEOUT + MINUTE);
    },
    ties: ['DIRECT'],
    afterwards: (world) => {
      ended(world);
      world.pass(SOON);
    },
  },
  {
    title:
      'a first poll at the last moment, of a page of a silent router, is seen by the cluster before it counts as drained',
    events: (world) => {
      world.router('s');
      begun(world);
      world.router('r').reports = false;
      world.pass(TIMEOUT + 8_000);
      world.cluster.asked = false;
      world.cluster.running.add('1_abcde');
      world.pass(3_000);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => {
      world.cluster.asked = true;
      ended(world);
      world.pass(SOON);
    },
  },
  {
    title: 'a router that comes back tells for itself again',
    events: (world) => {
      begun(world);
      world.router('r').reports = false;
      world.pass(MINUTE);
      world.router('r').reports = true;
      world.pass(SOON);
    },
  },
  {
    title: 'a router of an earlier version leaves unknown what it was given, and no longer than that can last',
    events: (world) => {
      world.router('r').old = true;
      world.begin();
      world.pass(6 * MINUTE);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => world.pass(2 * MINUTE),
  },
  {
    title: 'a quiet router of an earlier version counts, though it reports nothing while it has nothing',
    events: (world) => {
      world.router('r').old = true;
      world.router('r').reports = false;
      world.pass(30 * MINUTE);
      world.begin();
      world.pass(MINUTE);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => world.pass(7 * MINUTE),
  },
  {
    title: 'the queries that a router of an earlier version counts tie it as long as it counts them',
    events: (world) => {
      world.router('r').old = true;
      world.begin();
      world.polled('1_abcde', 'r');
      world.pass(20 * MINUTE);
    },
    ties: ['RUNNING', 'DIRECT', 'UNKNOWN'],
    afterwards: (world) => {
      ended(world);
      world.fetched('1_abcde', 'r');
      world.pass(SOON);
    },
  },
  {
    title: 'after a start of the gatewayserver nothing is known before routers have had time to report',
    events: (world) => {
      begun(world);
      world.pass(MINUTE);
      world.restart();
      world.pass(SOON);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => world.pass(10_000),
  },
  {
    title: 'a router that stopped in the middle of a statement may have handed it over',
    events: (world) => {
      begun(world);
      world.router('r').underWay = 1;
      world.pass(2_000);
      world.router('r').left = true;
      world.pass(TIMEOUT - MINUTE);
    },
    ties: ['UNKNOWN'],
    afterwards: (world) => world.pass(2 * MINUTE),
  },
];
