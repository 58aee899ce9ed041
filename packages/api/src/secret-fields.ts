import { clone, type DescField, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';

/** Where a secret stands in its object, entries of lists by their ids: `steps[outside].external.token`. */
type SecretChange = (secret: string, place: string) => string;

/** The same object with each secret that it has changed. Secrets are the fields that the contract marks with debug_redact. */
export function withSecrets<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  change: SecretChange,
): MessageShape<Desc> {
  const changed = clone(schema, message);
  changeIn(reflect(schema, changed), '', change);
  return changed;
}

function changeIn(message: ReflectMessage, place: string, change: SecretChange): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    if (isSecret(field)) message.set(field, change(message.get(field) as string, place + field.name));
    else if (field.fieldKind === 'message') changeIn(message.get(field), `${place}${field.name}.`, change);
    else if (field.fieldKind === 'list' && field.listKind === 'message')
      for (const [at, entry] of [...message.get(field)].entries())
        changeIn(entry as ReflectMessage, `${place}${field.name}[${nameOf(entry as ReflectMessage) || at}].`, change);
  }
}

function isSecret(field: DescField): boolean {
  return field.fieldKind === 'scalar' && field.proto.options?.debugRedact === true;
}

function nameOf(entry: ReflectMessage): string {
  const id = entry.desc.field.id;
  return id?.fieldKind === 'scalar' ? String(entry.get(id)) : '';
}
