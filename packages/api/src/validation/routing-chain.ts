import { type DescField, toBinary } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import {
  type RoutingChain,
  RoutingChainSchema,
  type RoutingStep,
  RoutingStep_OnFailureSchema,
  RoutingStepSchema,
} from '../gen/trinogateway/v1/gateway_pb.ts';
import { check, enumProblem, idProblem, type Problem, quote } from '../problem.ts';
import { isSealed, SEALED_PREFIX } from '../sealed-secret.ts';
import { withSecrets } from '../secret-fields.ts';

/** A group or a backend that a chain names, and the field that does. */
export type Named = { kind: 'group' | 'backend'; id: string; field: string };

/** What is known of a chain before it is stored. */
export type ChainChecks = {
  /** All that is wrong with it by itself. */
  problems(chain: RoutingChain): Problem[];
  /** What must exist, and cannot be deleted while the chain is in force. */
  names(chain: RoutingChain): Named[];
};

/** All that is wrong with the settings of a step; fields are below those of its kind, or empty for the kind itself. */
export type StepProblems = (step: RoutingStep) => Problem[];

const MOST_STEPS = 100;
const MOST_BYTES = 2 * 1024 * 1024;
const MOST_MS = 60_000;
/** What reasons call their own steps. */
const RESERVED = ['default_group', 'fallback_group', 'slot', 'queue'];

/** What holds for every chain, whatever its steps are. */
export const chainShape: ChainChecks = {
  problems: (chain) => chainProblems(chain, () => []),
  names: ({ fallbackGroup: id }) => (id === '' ? [] : [{ kind: 'group', id, field: 'fallback_group' }]),
};

/** All that is wrong with a chain by itself; whether its groups exist is for the caller to know. */
export function chainProblems(chain: RoutingChain, stepProblems: StepProblems): Problem[] {
  const { fallbackGroup, timeLimitMs, steps } = chain;
  const tooLarge = [
    ...check(steps.length <= MOST_STEPS, 'steps', `expected at most ${MOST_STEPS}, got ${steps.length}`),
    ...sizeProblem(chain),
  ];
  // Nobody reads all that is wrong with ten thousand steps.
  if (tooLarge.length > 0) return tooLarge;
  return [
    ...(fallbackGroup === '' ? [] : idProblem('fallback_group', fallbackGroup)),
    ...limitProblem('time_limit_ms', timeLimitMs),
    ...steps.flatMap((step, at) => [
      ...commonProblems(step, `steps[${at}]`),
      ...check(
        step.id === '' || steps.findIndex(({ id }) => id === step.id) === at,
        `steps[${at}].id`,
        `expected each id once, ${quote(step.id)} is repeated`,
      ),
      ...kindProblems(step, `steps[${at}]`, stepProblems),
    ]),
    ...secretProblems(chain),
  ];
}

/** The step and the rule that a field of a chain belongs to, for people: `step "rules", rule "raw"`; empty when to none. */
export function placeInChain(chain: RoutingChain, field: string): string {
  const names: string[] = [];
  let message: ReflectMessage | undefined = reflect(RoutingChainSchema, chain);
  for (const [, name, index] of field.matchAll(/([^.[\]]+)(?:\[(\d+)\])?/g)) {
    const found: DescField | undefined = message?.fields.find((one) => one.name === name);
    if (!message || !found) break;
    message = stepInto(message, found, index);
    const id = message && index !== undefined ? idOf(message) : '';
    if (id !== '') names.push(`${name?.replace(/s$/, '')} ${quote(id)}`);
  }
  return names.join(', ');
}

/** What is encrypted would be sent as it is to whoever is meant to check it. */
function secretProblems(chain: RoutingChain): Problem[] {
  const problems: Problem[] = [];
  withSecrets(RoutingChainSchema, chain, (secret, field) => {
    problems.push(...check(!isSealed(secret), field, `expected a secret that does not begin with ${SEALED_PREFIX}`));
    return secret;
  });
  return problems;
}

function sizeProblem(chain: RoutingChain): Problem[] {
  const bytes = toBinary(RoutingChainSchema, chain).length;
  return check(bytes <= MOST_BYTES, 'steps', `expected a chain of at most ${MOST_BYTES} bytes, got ${bytes}`);
}

function commonProblems({ id, timeLimitMs, onFailure }: RoutingStep, path: string): Problem[] {
  return [
    ...idProblem(`${path}.id`, id),
    ...check(!RESERVED.includes(id), `${path}.id`, `expected another id than ${RESERVED.join(', ')}, got ${quote(id)}`),
    ...limitProblem(`${path}.time_limit_ms`, timeLimitMs),
    ...enumProblem(`${path}.on_failure`, RoutingStep_OnFailureSchema, onFailure),
  ];
}

function kindProblems(step: RoutingStep, path: string, stepProblems: StepProblems): Problem[] {
  const kinds = RoutingStepSchema.oneofs.flatMap(({ fields }) => fields);
  const kind = kinds.find(({ localName }) => localName === step.kind.case);
  if (!kind) {
    const known = kinds.map(({ name }) => name).join(', ');
    return [{ field: `${path}.kind`, message: `expected exactly one of ${known}` }];
  }
  return stepProblems(step).map(({ field, message }) => ({
    field: `${path}.${kind.name}${field === '' ? '' : `.${field}`}`,
    message,
  }));
}

function limitProblem(field: string, ms: number): Problem[] {
  return check(ms >= 0 && ms <= MOST_MS, field, `expected 0 (the default) to ${MOST_MS} milliseconds, got ${ms}`);
}

function stepInto(message: ReflectMessage, field: DescField, index: string | undefined): ReflectMessage | undefined {
  if (field.fieldKind === 'message') return message.isSet(field) ? message.get(field) : undefined;
  if (field.fieldKind !== 'list' || field.listKind !== 'message' || index === undefined) return undefined;
  return message.get(field).get(Number(index)) as ReflectMessage | undefined;
}

function idOf(message: ReflectMessage): string {
  const id = message.desc.field.id;
  return id?.fieldKind === 'scalar' ? String(message.get(id)) : '';
}
