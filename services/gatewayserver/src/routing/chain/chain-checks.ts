import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { type RoutingStep, RoutingStepSchema } from '@trino-gateway/api/gateway';
import { type ChainChecks, chainProblems, chainShape, type Named, type Problem } from '@trino-gateway/api/validation';
import { kindOf, type StepKinds } from './step-kind.ts';

/** What is known of a chain of these kinds of steps before it is stored. */
export function chainChecks(kinds: StepKinds): ChainChecks {
  return {
    problems: (chain) => chainProblems(chain, (step) => settingsProblems(kinds, step)),
    names: (chain) => [
      ...chainShape.names(chain),
      ...chain.steps.flatMap((step, at) => namedByStep(kinds, step, `steps[${at}]`)),
    ],
  };
}

function settingsProblems(kinds: StepKinds, step: RoutingStep): Problem[] {
  const found = kindOf(kinds, step);
  if (found) return found.kind.problems(found.settings as never);
  const known = RoutingStepSchema.oneofs
    .flatMap(({ fields }) => fields)
    .filter(({ localName }) => kinds[localName] !== undefined)
    .map(({ name }) => name);
  return [{ field: '', message: `expected a kind of step that this version knows: ${known.join(', ')}` }];
}

/** Each group and backend that a step names, with the fields that do. */
function namedByStep(kinds: StepKinds, step: RoutingStep, path: string): Named[] {
  const found = kindOf(kinds, step);
  if (!found) return [];
  const { groupIds, backendIds } = found.kind.names(found.settings as never);
  const fields = new Map<string, string[]>();
  collectNaming(reflect(RoutingStepSchema, step), `${path}.`, (name, field) =>
    fields.set(name, [...(fields.get(name) ?? []), field]),
  );
  const named = (kind: Named['kind'], ids: readonly string[]) =>
    [...new Set(ids)].flatMap((id) =>
      (fields.get(`${kind} ${id}`) ?? [path]).map((field): Named => ({ kind, id, field })),
    );
  return [...named('group', groupIds), ...named('backend', backendIds)];
}

const NAMES_OTHERS = /(?:^|_)(group|backend)(?:s|_ids?)?$/;

/** The fields whose name says that their text is the id of a group or a backend. */
function collectNaming(message: ReflectMessage, path: string, found: (name: string, field: string) => void): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const here = path + field.name;
    const kind = NAMES_OTHERS.exec(field.name)?.[1];
    if (field.fieldKind === 'message') collectNaming(message.get(field), `${here}.`, found);
    else if (field.fieldKind === 'list' && field.listKind === 'message')
      for (const [at, entry] of [...message.get(field)].entries())
        collectNaming(entry as ReflectMessage, `${here}[${at}].`, found);
    else if (kind !== undefined && field.fieldKind === 'list')
      for (const id of new Set(message.get(field))) found(`${kind} ${id}`, here);
    else if (kind !== undefined && field.fieldKind === 'scalar') found(`${kind} ${message.get(field)}`, here);
  }
}
