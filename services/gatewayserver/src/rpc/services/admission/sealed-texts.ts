import { MOST_SEALED_BYTES } from '@trino-gateway/api/limits';
import type { Admission } from '../../../admission/rules/admission.ts';
import { invalid } from '../../../configuration/validation.ts';
import type { SealedText, SealedTextStore } from '../../../storage/contract/admission.ts';

const LARGE_BYTES = 65_536;

/** @throws ConnectError when it is empty or too large */
export function checkedSealed(field: string, sealed: Uint8Array): Uint8Array {
  if (sealed.length > 0 && sealed.length <= MOST_SEALED_BYTES) return sealed;
  throw invalid(field, `expected 1 to ${MOST_SEALED_BYTES} bytes, got ${sealed.length}`);
}

/** A large text is stored before its command runs, so that no other command waits for it. */
export async function storeLarge(store: Pick<SealedTextStore, 'put'>, text: SealedText): Promise<void> {
  if (isLarge(text)) await store.put(text);
}

/** A small text is stored with what its command changes. */
export function keepSmall({ state }: Admission, text: SealedText): void {
  if (!isLarge(text)) state.journal.sealed.push(text);
}

/** Undoes {@link storeLarge}: the command was refused. */
export function dropLarge({ state }: Admission, text: SealedText): void {
  if (isLarge(text)) state.journal.refused.push({ id: text.id, part: text.part });
}

function isLarge({ sealed }: SealedText): boolean {
  return sealed.length > LARGE_BYTES;
}
