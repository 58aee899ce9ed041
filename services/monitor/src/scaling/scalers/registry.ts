import { createCommandScaler } from './command.ts';
import { createKubernetesScaleScaler } from './kubernetes-scale.ts';
import type { CreateScaler, ScalerKind } from './scaler.ts';
import { createStackableScaler } from './stackable.ts';
import { createWebhookScaler } from './webhook.ts';

/** Every kind of scaler there is. */
export const SCALERS: { [Kind in ScalerKind]: CreateScaler<Kind> } = {
  command: createCommandScaler,
  kubernetesScale: createKubernetesScaleScaler,
  stackable: createStackableScaler,
  webhook: createWebhookScaler,
};
