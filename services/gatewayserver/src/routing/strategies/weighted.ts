import type { Strategy } from './strategy.ts';

/** Each with a chance in proportion to its weight. */
export const weighted: Strategy = ({ pool, chance }) => {
  let left = chance * pool.reduce((sum, { weight }) => sum + weight, 0);
  return pool.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
};
