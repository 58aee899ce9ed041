import { createHash } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { type RoutingChain, RoutingChainSchema } from '@trino-gateway/api/gateway';
import { type ChainCompiler, type CompiledChain, createChainCompiler } from '../routing/chain/routing-chain.ts';
import type { StepKinds } from '../routing/chain/step-kind.ts';
import type { StepTools } from '../routing/chain/step-tools.ts';

/** Drafts of the routing chain, compiled for as long as somebody tries them, and a moment longer. */
export type DraftChains = AsyncDisposable & {
  use<Result>(chain: RoutingChain, run: (compiled: CompiledChain) => Promise<Result>): Promise<Result>;
};

type Kept = { compiler: ChainCompiler; compiled: CompiledChain; users: number; timer?: NodeJS.Timeout };

const KEPT_MS = 30_000;
const MOST_KEPT = 4;

export function createDraftChains(kinds: StepKinds, tools: StepTools): DraftChains {
  const kept = new Map<string, Kept>();
  // What drafts ask is no traffic: it is not counted.
  const uncounted: StepTools = { ...tools, countQuestion: () => {}, showBreaker: () => {} };
  const drop = async (key: string, draft: Kept) => {
    clearTimeout(draft.timer);
    kept.delete(key);
    await draft.compiler[Symbol.asyncDispose]();
  };
  const dropOldest = () => {
    const idle = [...kept].filter(([, { users }]) => users === 0);
    const [oldest] = idle;
    if (idle.length > MOST_KEPT && oldest) void drop(...oldest);
  };
  return {
    async use(chain, run) {
      const key = createHash('sha256').update(toBinary(RoutingChainSchema, chain)).digest('base64');
      const draft = kept.get(key) ?? compile(chain);
      kept.set(key, draft);
      clearTimeout(draft.timer);
      draft.users++;
      try {
        return await run(draft.compiled);
      } finally {
        draft.users--;
        if (draft.users === 0 && kept.get(key) === draft) {
          clearTimeout(draft.timer);
          draft.timer = setTimeout(() => void drop(key, draft), KEPT_MS).unref();
          dropOldest();
        }
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...kept].map(([key, draft]) => drop(key, draft)));
    },
  };

  function compile(chain: RoutingChain): Kept {
    const compiler = createChainCompiler(kinds, uncounted);
    return { compiler, compiled: compiler.compile(chain), users: 0 };
  }
}
