import { invalid, notFound } from '../../configuration/validation.ts';
import type { StoredBackend } from '../../storage/contract/configuration.ts';
import type { RpcContext } from './context.ts';

/**
 * The backend that a call names, by its id or in a field. Reads the database before it says that there is none: another replica may
 * have stored it a moment ago.
 */
export async function requireBackend(
  { configuration }: Pick<RpcContext, 'configuration'>,
  id: string,
  field?: string,
): Promise<StoredBackend> {
  if (!configuration.known.backends.has(id)) await configuration.refresh();
  const stored = configuration.known.backends.get(id);
  if (stored) return stored;
  throw field ? invalid(field, `expected a backend that exists, got "${id}"`) : notFound('backend', id);
}
