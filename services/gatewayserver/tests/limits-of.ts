import type { Limits } from '../src/admission/limits.ts';

/** Every backend is known and available, nothing runs past the gateway, the first of the list is chosen, and what a test says. */
export function limitsOf(own: Pick<Limits, 'maxOnBackend' | 'group'> & Partial<Limits>): Limits {
  return {
    isKnown: () => true,
    foreignOn: () => 0,
    isAvailable: () => true,
    choose: (_, ids) => ids[0] ?? '',
    ...own,
  };
}
