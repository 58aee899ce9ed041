import type { ConfiguredLimits } from '../admission/configured-limits.ts';
import type { Ledger } from '../admission/ledger/ledger.ts';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import type { PictureSource } from './picture.ts';

type Parts = {
  configuration: ConfigurationCache;
  ledger: Pick<Ledger, 'state'>;
  limits: ConfiguredLimits;
};

/** What pictures are made of, as known here. */
export function pictureSource(
  { configuration, ledger, limits }: Parts,
  { leader, now, drains = new Map() }: Pick<PictureSource, 'leader' | 'now'> & Partial<Pick<PictureSource, 'drains'>>,
): PictureSource {
  const { known } = configuration;
  return { known, snapshot: configuration.snapshot(), state: ledger.state(), limits, drains, leader, now };
}
