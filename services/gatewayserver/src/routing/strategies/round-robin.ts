import type { Strategy } from './strategy.ts';

/** One after the other, by id. */
export const roundRobin: Strategy = ({ pool, cursor }) => pool[cursor % pool.length];
