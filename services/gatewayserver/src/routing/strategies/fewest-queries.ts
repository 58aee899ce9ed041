import { least } from './least.ts';
import type { Strategy } from './strategy.ts';

/** The fewest live queries by our own counts. */
export const fewestQueries: Strategy = (choice) => least(choice, ({ id }) => choice.live.live(id));
