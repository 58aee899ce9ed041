import type { RoutingChain } from '@trino-gateway/api/gateway';
import type { Gateway } from '../connection/gateway.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { readDocuments } from './files/documents.ts';
import { idsOf, readStored } from './plan-changes.ts';

/** The routing chain of a file that is only tried. @throws UsageError with all that is wrong with it */
export async function readDraft(file: string, terminal: Terminal, gateway: Gateway): Promise<RoutingChain> {
  const text = await terminal.read(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--chain: expected a readable file, got "${file}" (${error.code ?? error.message})`);
  });
  const name = file === '-' ? 'standard input' : file;
  const { routingChain } = readDocuments([{ name, text }], idsOf(await readStored(gateway)));
  if (routingChain === undefined) throw new UsageError(`${name}: holds no routing_chain`);
  return routingChain;
}
