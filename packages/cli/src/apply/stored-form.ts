import { clone, type DescMessage, equals, type MessageShape } from '@bufbuild/protobuf';
import { type Backend, Backend_Probe_Kind, type Group, type Policy } from '@trino-gateway/api/gateway';
import { policyRules } from '@trino-gateway/api/policy-rules';
import { HIDDEN_SECRET, withProbeSecrets } from '@trino-gateway/api/sealed-secret';
import type { Kind } from '../kinds/index.ts';
import { type Difference, differences } from './differences.ts';

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
  const [one, other] = [comparable(kind, filled(kind, wanted, stored), stored), comparable(kind, stored, stored)];
  return equals(kind.schema, one, other);
}

/** What a Put of the wanted object would change, or all of it where nothing is stored. */
export function differencesTo<Desc extends DescMessage>(
  kind: Kind<Desc>,
  wanted: MessageShape<Desc> | undefined,
  stored: MessageShape<Desc> | undefined,
): Difference[] {
  return differences(
    kind.schema,
    stored && comparable(kind, stored, stored),
    wanted && comparable(kind, stored ? filled(kind, wanted, stored) : wanted, stored),
  );
}

function filled<Desc extends DescMessage>(
  kind: Kind<Desc>,
  wanted: MessageShape<Desc>,
  stored: MessageShape<Desc>,
): MessageShape<Desc> {
  const copy = clone(kind.schema, wanted) as MessageShape<Desc> & Fields;
  if (copy.enabled === undefined) Object.assign(copy, { enabled: (stored as Fields).enabled });
  return copy;
}

/** A copy as the gatewayserver stores it, without what only answers have. */
function comparable<Desc extends DescMessage>(
  kind: Kind<Desc>,
  object: MessageShape<Desc>,
  stored: MessageShape<Desc> | undefined,
): MessageShape<Desc> {
  const copy = clone(kind.schema, object);
  const fields = copy as unknown as Fields;
  for (const field of kind.schema.fields) {
    const { localName } = field;
    const value = fields[localName];
    if (kind.outputOnly.includes(localName)) fields[localName] = nothingOf(field.fieldKind);
    // The first name of every choice is its default.
    else if (field.fieldKind === 'enum' && value === 0) fields[localName] = 1;
    else if (/url$/i.test(localName) && typeof value === 'string' && URL.canParse(value))
      fields[localName] = new URL(value).origin;
  }
  if (fields.rule !== undefined) fields.rule = policyRules.normalize(fields.rule as Policy['rule']);
  const probe = fields.probe as Backend['probe'];
  if (probe) fields.probe = comparableProbe(probe);
  if (fields.backendIds !== undefined) fields.backendIds = ownMembers(copy as unknown as Group, stored as unknown);
  return copy;
}

function nothingOf(fieldKind: string): unknown {
  if (fieldKind === 'list') return [];
  return fieldKind === 'message' ? undefined : '';
}

/** Discovered members come and go by themselves: they do not count, wherever they are named. */
function ownMembers({ backendIds }: Group, stored: unknown): string[] {
  const discovered = new Set((stored as Group | undefined)?.discoveredBackendIds);
  return backendIds.filter((id) => !discovered.has(id));
}

function comparableProbe(probe: NonNullable<Backend['probe']>): Backend['probe'] {
  return { ...withProbeSecrets(probe, () => HIDDEN_SECRET), kind: probe.kind || Backend_Probe_Kind.SQL };
}
