import { type DescMessage, type Message, toJson } from '@bufbuild/protobuf';
import { RoutingChainSchema } from '@trino-gateway/api/gateway';
import { planChanges, readStored } from '../../apply/plan-changes.ts';
import { writeChanges } from '../../apply/write-changes.ts';
import type { Context } from '../../context/context.ts';
import type { Imported } from '../../imported/configuration.ts';
import type { Note } from '../../imported/notes.ts';
import { withoutSecrets } from '../../imported/without-secrets.ts';
import { backendKind, groupKind, policyKind } from '../../kinds/index.ts';
import { type Format, printValue } from '../../output/print.ts';
import { oneLine } from '../../terminal/one-line.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** Tells all that has no counterpart or was changed. */
function tellNotes(notes: readonly Note[], terminal: Terminal): void {
  for (const { about, text } of notes) terminal.err(oneLine(`note: ${about === '' ? '' : `${about}: `}${text}`));
}

/** Prints what was imported in the shape that `apply` reads, without passwords. */
function printImported(imported: Imported, format: Format, terminal: Terminal): void {
  const { declared, notes } = withoutSecrets(imported);
  const { routingChain } = declared;
  const plain = <Desc extends DescMessage>(schema: Desc, object: Message) =>
    toJson(schema, object as never, { useProtoFieldName: format !== 'json' });
  tellNotes(notes, terminal);
  printValue(terminal, format === 'json' ? 'json' : 'yaml', {
    backends: declared.backends.map((backend) => plain(backendKind.schema, backend)),
    groups: declared.groups.map((group) => plain(groupKind.schema, group)),
    policies: declared.policies.map((policy) => plain(policyKind.schema, policy)),
    ...(routingChain && { routing_chain: plain(RoutingChainSchema, routingChain) }),
  });
  terminal.err('nothing was written: --write does, or apply -f of what was printed');
}

/** Prints what was imported, or writes it. */
export async function finishImport(
  imported: Imported,
  { write }: { write?: boolean },
  { terminal, format, withGateway }: Context,
): Promise<void> {
  if (!write) return printImported(imported, format(), terminal);
  tellNotes(imported.notes, terminal);
  await withGateway(async (gateway) =>
    writeChanges(gateway, planChanges(imported.declared, await readStored(gateway)), terminal),
  );
}
