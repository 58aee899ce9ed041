import { every, type Logger } from '@trino-gateway/runtime';
import type { Known } from '../configuration/known.ts';
import type { ScalingStore } from '../storage/contract/scaling.ts';

/** Whether a monitor leads autoscaling. */
export type LeadWatch = AsyncDisposable & {
  /** Undefined where no group has autoscaling. */
  isLed(): boolean | undefined;
};

type Options = { known: Pick<Known, 'groups'>; scaling: Pick<ScalingStore, 'leader'>; logger: Logger };

const LOOK_MS = 5_000;

/** Looks every few seconds, where there is something to lead. */
export function watchLead({ known, scaling, logger }: Options): LeadWatch {
  let isLed: boolean | undefined;
  const look = async () => {
    const isAnyScaled = known.groups.values().some(({ autoscaling }) => autoscaling !== undefined);
    isLed = isAnyScaled ? (await scaling.leader()).holder !== '' : undefined;
  };
  // While the database is away nobody can lead.
  const loop = every(LOOK_MS, 'looking who leads autoscaling', logger, () =>
    look().catch(() => {
      isLed &&= false;
    }),
  );
  return { isLed: () => isLed, [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose]() };
}
