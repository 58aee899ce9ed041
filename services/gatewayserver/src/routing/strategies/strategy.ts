import type { Pool, PoolMember } from '../availability/pool.ts';

/** Our own counts: what the routers say they have live, and what was decided since. */
export type LiveView = {
  /** Queries live on a backend, those just decided included. */
  live(backendId: string): number;
  /** Queries decided for a backend since a time, epoch milliseconds. */
  startedSince(backendId: string, since: number): number;
};

/** One choice among the available backends of a group. */
export type Choice = {
  /** Not empty. */
  pool: Pool;
  /** Epoch milliseconds. */
  now: number;
  /** Drawn at random, from 0 up to but not 1. */
  chance: number;
  /** How many choices were made in this group before. */
  cursor: number;
  /** 32 bits drawn from what the strategy AFFINITY goes by; computed when it is asked for. */
  affinityHash(): number;
  /** Of the strategy AFFINITY; 0 means its default. */
  loadFactor: number;
  live: LiveView;
};

/** How a group's backend is chosen. */
export type Strategy = (choice: Choice) => PoolMember | undefined;
