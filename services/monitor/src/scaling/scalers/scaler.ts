import type { Backend_Scaler, Backend_Scaler_State } from '@trino-gateway/api/gateway';
import type { MonitorConfig } from '@trino-gateway/config';
import type { Logger } from '@trino-gateway/runtime';
import type { Kubernetes } from '../../kubernetes/kubernetes.ts';

/** The kinds of the contract. */
export type ScalerKind = NonNullable<Backend_Scaler['kind']['case']>;

/** What a backend says of its scaler of this kind. */
export type ScalerSettings<Kind extends ScalerKind> = Extract<Backend_Scaler['kind'], { case: Kind }>['value'];

/** One cluster, as its scaler is asked about it. */
export type ScalerTarget<Kind extends ScalerKind> = {
  backendId: string;
  /** A configuration file declares it. All others were written through the API, or discovered. */
  isDeclared: boolean;
  settings: ScalerSettings<Kind>;
};

/**
 * How clusters of one kind are started and stopped. Created once, when a monitor starts. Each call ends when its signal is aborted,
 * and throws an Error that tells an operator why it failed, without secrets. Repeating a call changes nothing.
 */
export type Scaler<Kind extends ScalerKind> = {
  /** @throws Error when that is not known */
  state(target: ScalerTarget<Kind>, signal: AbortSignal): Promise<Backend_Scaler_State>;
  /** Ends when the cluster was told, not when it runs. */
  start(target: ScalerTarget<Kind>, signal: AbortSignal): Promise<void>;
  stop(target: ScalerTarget<Kind>, signal: AbortSignal): Promise<void>;
  /** Asked before the first call about a target that is new or has changed. @throws Error saying what stands in the way of its calls */
  check?(target: ScalerTarget<Kind>, signal: AbortSignal): Promise<void>;
  /** How long each call about this target may take; default 10 s. */
  timeLimitMs?(target: ScalerTarget<Kind>): number;
  [Symbol.asyncDispose]?(): Promise<void>;
};

/** What the scalers of one monitor share. */
export type ScalerTools = { kubernetes: Kubernetes; logger: Logger };

export type CreateScaler<Kind extends ScalerKind> = (config: MonitorConfig, tools: ScalerTools) => Scaler<Kind>;
