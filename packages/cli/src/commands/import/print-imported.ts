import { type DescMessage, type Message, toJson } from '@bufbuild/protobuf';
import { RoutingChainSchema } from '@trino-gateway/api/gateway';
import type { Imported } from '../../imported/configuration.ts';
import type { Note } from '../../imported/notes.ts';
import { withoutSecrets } from '../../imported/without-secrets.ts';
import { backendKind, groupKind, policyKind } from '../../kinds/index.ts';
import { type Format, printValue } from '../../output/print.ts';
import { oneLine } from '../../terminal/one-line.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** Tells all that has no counterpart or was changed. */
export function tellNotes(notes: readonly Note[], terminal: Terminal): void {
  for (const { about, text } of notes) terminal.err(oneLine(`note: ${about === '' ? '' : `${about}: `}${text}`));
}

/** Prints what was imported in the shape that `apply` reads, without passwords. */
export function printImported(imported: Imported, format: Format, terminal: Terminal): void {
  const { declared, chain, notes } = withoutSecrets(imported);
  const plain = <Desc extends DescMessage>(schema: Desc, object: Message) =>
    toJson(schema, object as never, { useProtoFieldName: format !== 'json' });
  tellNotes(notes, terminal);
  printValue(terminal, format === 'json' ? 'json' : 'yaml', {
    backends: declared.backends.map((backend) => plain(backendKind.schema, backend)),
    groups: declared.groups.map((group) => plain(groupKind.schema, group)),
    policies: declared.policies.map((policy) => plain(policyKind.schema, policy)),
    ...(chain && { [format === 'json' ? 'routingChain' : 'routing_chain']: plain(RoutingChainSchema, chain) }),
  });
  terminal.err('nothing was written: --write does, or apply -f of what was printed');
}
