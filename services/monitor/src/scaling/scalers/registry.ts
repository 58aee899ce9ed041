import { createCommandScaler } from './command.ts';
import type { CreateScaler, ScalerKind } from './scaler.ts';

/** Every kind of scaler there is. */
export const SCALERS: { [Kind in ScalerKind]?: CreateScaler<Kind> } = {
  command: createCommandScaler,
};
