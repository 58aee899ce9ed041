import { clone, type DescMessage, equals, type MessageShape } from '@bufbuild/protobuf';
import { type Backend, Backend_Probe_Kind, type Policy } from '@trino-gateway/api/gateway';
import { policyRules } from '@trino-gateway/api/policy-rules';
import { HIDDEN_SECRET, withProbeSecrets } from '@trino-gateway/api/sealed-secret';
import type { Kind } from '../kinds/index.ts';

type Fields = Record<string, unknown>;

/**
 * Whether a Put of the wanted object would change nothing that reads show. What the gatewayserver fills in itself counts
 * as equal: `enabled` where none is given, defaults of choices, addresses without their last slash, blanks around tags.
 */
export function isStoredAs<Desc extends DescMessage>(
  kind: Kind<Desc>,
  wanted: MessageShape<Desc>,
  stored: MessageShape<Desc>,
): boolean {
  const filled = clone(kind.schema, wanted) as MessageShape<Desc> & Fields;
  if (filled.enabled === undefined) Object.assign(filled, { enabled: (stored as Fields).enabled });
  return equals(kind.schema, comparable(kind, filled), comparable(kind, stored));
}

/** A copy as the gatewayserver stores it, without what only answers have. */
function comparable<Desc extends DescMessage>(kind: Kind<Desc>, object: MessageShape<Desc>): MessageShape<Desc> {
  const copy = clone(kind.schema, object);
  const fields = copy as unknown as Fields;
  for (const field of kind.schema.fields) {
    const { localName } = field;
    const value = fields[localName];
    if (kind.outputOnly.includes(localName)) fields[localName] = field.fieldKind === 'message' ? undefined : '';
    // The first name of every choice is its default.
    else if (field.fieldKind === 'enum' && value === 0) fields[localName] = 1;
    else if (/url$/i.test(localName) && typeof value === 'string' && URL.canParse(value))
      fields[localName] = new URL(value).origin;
  }
  if (fields.rule !== undefined) fields.rule = policyRules.normalize(fields.rule as Policy['rule']);
  const probe = fields.probe as Backend['probe'];
  if (probe) fields.probe = comparableProbe(probe);
  return copy;
}

function comparableProbe(probe: NonNullable<Backend['probe']>): Backend['probe'] {
  return { ...withProbeSecrets(probe, () => HIDDEN_SECRET), kind: probe.kind || Backend_Probe_Kind.SQL };
}
