import type { Strategy } from './strategy.ts';

/** Each with the same chance. */
export const random: Strategy = ({ pool, chance }) => pool[Math.floor(chance * pool.length)];
