import type { Address, Listener } from '@trino-gateway/runtime';

/** Listens at an address; when that fails, the error names the configuration key to change. */
export async function listenAt(
  key: string,
  address: Address,
  listen: (address: Address) => Promise<Listener>,
): Promise<Listener> {
  try {
    return await listen(address);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}; change ${key}`);
  }
}
