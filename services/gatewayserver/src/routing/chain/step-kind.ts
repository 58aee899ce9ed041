import type { Backend, RoutingStep } from '@trino-gateway/api/gateway';
import type { Problem } from '@trino-gateway/api/validation';
import type { PolicyIndex } from '../policies/policy-index.ts';
import type { Opinion } from './opinion.ts';
import type { Asker, WhyNotAllowed } from './pass-over.ts';
import type { RequestNeeds } from './request-needs.ts';
import type { RoutedQuery } from './routed-query.ts';
import type { StepTools } from './step-tools.ts';

/** The contract's name of a kind of step. */
export type StepName = Exclude<RoutingStep['kind']['case'], undefined>;

/** The settings of a kind of step. */
export type StepSettings<Name extends StepName = StepName> = Extract<RoutingStep['kind'], { case: Name }>['value'];

/** What is configured, as far as steps look at it. */
export type ChainSnapshot = {
  policies: PolicyIndex;
  /** The end of a sentence that says why a group cannot be used; undefined when it can. */
  whyNoGroup(id: string): string | undefined;
  /** Undefined when they may use the group. */
  whyNotAllowed(groupId: string, asker: Asker): WhyNotAllowed | undefined;
  /** The available backends of a group at this time; empty when there is no such group. */
  available(groupId: string, now: number): readonly Backend[];
  /** The first enabled group, by id, that holds this backend; undefined when there is none. */
  groupOfBackend(id: string): string | undefined;
};

/** What a step may look at besides the query. */
export type StepContext = {
  snapshot: ChainSnapshot;
  /** Drawn at random for this query, from 0 up to but not 1. */
  chance: number;
  /** How long the answer is waited for. */
  limitMs: number;
  /** Aborted when nobody waits for the answer any more. Only steps that leave the process ask for it. */
  signal(): AbortSignal;
};

/** A step that can be asked. Disposal ends what it keeps running. */
export type CompiledStep = {
  /** In their order, for steps that have rules. */
  readonly ruleIds?: readonly string[];
  /** A promise only where the answer needs something outside this turn of the event loop. Failures throw or reject. */
  ask(query: RoutedQuery, context: StepContext): Opinion | Promise<Opinion>;
  [Symbol.asyncDispose]?(): Promise<void>;
};

/** One kind of step: all that the gateway knows of it. */
export type StepKind<Settings> = {
  /** Its answers take time: it asks something outside this process. */
  readonly isSlow?: true;
  /** All that is wrong with such a step, with fields below its own; empty when it can be stored. */
  problems(settings: Settings): Problem[];
  /** What only trying it shows of settings without problems, before a chain is stored. It takes time, with a limit of its own. */
  trial?(settings: Settings): Promise<Problem[]>;
  /** The groups and the backends that it names: they must exist, and cannot be deleted while it does. */
  names(settings: Settings): { groupIds: readonly string[]; backendIds: readonly string[] };
  /** What it looks at of a request beside what routers always send. */
  needs?(settings: Settings): RequestNeeds;
  /** What it looks at and the history does not keep, each as a sentence: a query of the past is decided without it. */
  notKept?(settings: Settings): readonly string[];
  /** @param id of the step, for reasons */
  compile(settings: Settings, id: string, tools: StepTools): CompiledStep;
};

/** Kinds of steps by the contract's name. Settings are of their kind, which this type cannot say. */
export type StepKinds = Readonly<Record<string, StepKind<never> | undefined>>;

/** The kind of a step, and its settings; undefined when there is no such kind. */
export function kindOf(
  kinds: StepKinds,
  { kind }: Pick<RoutingStep, 'kind'>,
): { kind: StepKind<unknown>; settings: unknown } | undefined {
  const found = kind.case === undefined ? undefined : kinds[kind.case];
  return found && { kind: found as StepKind<unknown>, settings: kind.value };
}
