import { create } from '@bufbuild/protobuf';
import { RoutingStep_Script_Language, RoutingStep_ScriptSchema } from '@trino-gateway/api/gateway';
import { routedQuery } from '../../src/routing/chain/routed-query.ts';
import type { StepContext, StepSettings } from '../../src/routing/chain/step-kind.ts';
import type { StepTools } from '../../src/routing/chain/step-tools.ts';
import { scriptStep } from '../../src/routing/steps/script/script-step.ts';

/** What a step said, or why it failed. */
export type Said = { text: string; failed: boolean };

export type ScriptSettings = StepSettings<'script'>;

export function scriptSettings(language: 'JAVASCRIPT' | 'PYTHON', source: string, memoryMb = 0): ScriptSettings {
  return create(RoutingStep_ScriptSchema, { language: RoutingStep_Script_Language[language], source, memoryMb });
}

/** A script step in which every group but `missing` exists. */
export function compiledScript(settings: ScriptSettings) {
  const step = scriptStep.compile(settings, 'code', {} as StepTools);
  const whyNoGroup = (id: string) => (id === 'missing' ? 'does not exist' : undefined);
  return {
    /** @param statement of the query that the script is asked about */
    async ask(statement: string, { user = 'ann', limitMs = 5_000 } = {}): Promise<Said> {
      const headers = [{ name: 'X-Trino-User', value: user }];
      const submitted = { listeningPort: 8080, host: 'h', headers, user, statement, clientIp: '10.0.0.1' };
      const context = { snapshot: { whyNoGroup }, chance: 0.5, limitMs } as Partial<StepContext> as StepContext;
      try {
        const { reason } = await step.ask(routedQuery(submitted, 1_800_000_000_000), context);
        return { text: reason.text, failed: false };
      } catch (error) {
        return { text: (error as Error).message, failed: true };
      }
    },
    [Symbol.asyncDispose]: async () => await step[Symbol.asyncDispose]?.(),
  };
}
