import { create, equals } from '@bufbuild/protobuf';
import {
  type RoutingChain,
  RoutingChainSchema,
  type RoutingStep,
  RoutingStep_OnFailure,
  RoutingStepSchema,
} from '@trino-gateway/api/gateway';
import { isSealed } from '@trino-gateway/api/sealed-secret';
import { withSecrets } from '@trino-gateway/api/secret-fields';
import { allNeeds, type RequestNeeds } from './request-needs.ts';
import { type CompiledStep, kindOf, type StepKinds } from './step-kind.ts';
import type { StepTools } from './step-tools.ts';

/** A step of the chain, ready to be asked. */
export type ChainStep = CompiledStep & {
  readonly id: string;
  /** Absent: as long as the chain has. */
  readonly limitMs?: number;
  readonly refusesOnFailure: boolean;
  readonly observes: boolean;
};

/** The routing chain, ready to be asked: its enabled steps in order. */
export type CompiledChain = {
  readonly steps: readonly ChainStep[];
  /** Before `gatewayserver.default_group`; empty when there is none. */
  readonly fallbackGroupId: string;
  readonly limitMs: number;
  /** Some step asks something outside this process. */
  readonly isSlow: boolean;
  /** What its steps need of requests. */
  readonly needs: ReturnType<typeof allNeeds>;
};

const DEFAULT_LIMIT_MS = 500;
const DEFAULT_SLOW_LIMIT_MS = 200;

/** What holds while no chain is stored: the policies. */
export const builtInChain: RoutingChain = create(RoutingChainSchema, {
  version: 0,
  steps: [{ id: 'policies', kind: { case: 'policies', value: {} } }],
});

/** Compiles the chains that come into force one after the other; steps that a change leaves alone go on as they are. */
export type ChainCompiler = AsyncDisposable & {
  /** @param chain undefined: the policies alone */
  compile(chain: RoutingChain | undefined): CompiledChain;
};

const nothingIsAsked = async (): Promise<never> => {
  throw new Error('nothing outside of this process is asked here');
};
/** For chains that ask nothing outside of this process: there, steps that would do so fail. */
export const noTools: StepTools = {
  explain: nothingIsAsked,
  askService: nothingIsAsked,
  countQuestion: () => {},
  showBreaker: () => {},
};

type Kept = { step: RoutingStep; compiled: ChainStep };

/** @param tools for steps that ask something outside of this process; without them, such steps fail */
export function createChainCompiler(kinds: StepKinds, tools: StepTools = noTools): ChainCompiler {
  let kept: Kept[] = [];
  const disposing = new Set<Promise<void>>();
  const dispose = ({ compiled }: Kept) => {
    const done = compiled[Symbol.asyncDispose]?.().finally(() => disposing.delete(done as Promise<void>));
    if (done) disposing.add(done);
  };
  return {
    compile(chain = undefined) {
      const { steps, fallbackGroup, timeLimitMs } = chain ?? builtInChain;
      const before = kept;
      kept = steps
        .filter(({ enabled }) => enabled !== false)
        .map(
          (step) =>
            before.find((old) => equals(RoutingStepSchema, old.step, step)) ?? {
              step,
              compiled: compileStep(kinds, step, tools),
            },
        );
      for (const old of before) if (!kept.includes(old)) dispose(old);
      return {
        steps: kept.map(({ compiled }) => compiled),
        fallbackGroupId: fallbackGroup,
        limitMs: timeLimitMs || DEFAULT_LIMIT_MS,
        isSlow: kept.some(({ step }) => isSlow(kinds, step)),
        needs: allNeeds(kept.map(({ step }) => needsOf(kinds, step))),
      };
    },
    [Symbol.asyncDispose]: async () => {
      for (const old of kept.splice(0)) dispose(old);
      await Promise.all(disposing);
    },
  };
}

function compileStep(kinds: StepKinds, step: RoutingStep, tools: StepTools): ChainStep {
  const { id, timeLimitMs, onFailure, observe } = step;
  const limitMs = timeLimitMs || (isSlow(kinds, step) ? DEFAULT_SLOW_LIMIT_MS : 0);
  return {
    id,
    ...asked(kinds, step, tools),
    ...(limitMs > 0 && { limitMs }),
    refusesOnFailure: onFailure === RoutingStep_OnFailure.REFUSE,
    observes: observe,
  };
}

function isSlow(kinds: StepKinds, step: RoutingStep): boolean {
  return kindOf(kinds, step)?.kind.isSlow === true;
}

function needsOf(kinds: StepKinds, step: RoutingStep): RequestNeeds {
  const found = kindOf(kinds, step);
  return found?.kind.needs?.(found.settings) ?? {};
}

function refuseUnreadable(secret: string, place: string): string {
  if (!isSealed(secret)) return secret;
  throw new Error(`its ${place} is stored encrypted, and no key of gatewayserver.secrets_key opens it`);
}

/** A step that was stored by another version, or can no longer be compiled, fails for each query instead of at the start. */
function asked(kinds: StepKinds, step: RoutingStep, tools: StepTools): CompiledStep {
  try {
    const found = kindOf(kinds, step);
    withSecrets(RoutingStepSchema, step, refuseUnreadable);
    if (found) return found.kind.compile(found.settings, step.id, tools);
    throw new Error(`this version knows no step of kind ${step.kind.case ?? 'none'}`);
  } catch (error) {
    const ask = () => {
      throw error;
    };
    return { ask };
  }
}
