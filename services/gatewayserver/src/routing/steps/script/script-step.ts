import {
  RoutingStep_Script_Language as Language,
  RoutingStep_Script_LanguageSchema as LanguageSchema,
} from '@trino-gateway/api/gateway';
import { check, enumProblem } from '@trino-gateway/api/problem';
import type { Opinion } from '../../chain/opinion.ts';
import { abstains, chooses, refuses } from '../../chain/opinions.ts';
import type { ChainSnapshot, StepKind, StepSettings } from '../../chain/step-kind.ts';
import { javascriptExecutor } from './javascript/javascript-executor.ts';
import { pythonExecutor } from './python/python-executor.ts';
import type { StartExecutor } from './running/executor.ts';
import { createScriptRunner } from './running/script-runner.ts';
import { readAnswer, type ScriptAnswer } from './script-answer.ts';
import { requestWriter, scriptNeeds } from './script-request.ts';
import { tryScript } from './try-script.ts';

type Settings = StepSettings<'script'>;

const MOST_CHARACTERS = 200_000;
const DEFAULT_MEMORY_MB = 64;
const LEAST_MEMORY_MB = 16;
const MOST_MEMORY_MB = 1_024;

/** A function of the operator's own, which runs apart from this process. */
export const scriptStep: StepKind<Settings> = {
  isSlow: true,
  problems: ({ language, source, memoryMb }) => [
    ...(language === Language.LANGUAGE_UNSPECIFIED
      ? [{ field: 'language', message: 'expected JAVASCRIPT or PYTHON' }]
      : enumProblem('language', LanguageSchema, language)),
    ...check(source.trim() !== '', 'source', 'expected a script'),
    ...check(
      source.length <= MOST_CHARACTERS,
      'source',
      `expected at most ${MOST_CHARACTERS} characters, got ${source.length}`,
    ),
    ...check(source.isWellFormed() && !source.includes('\0'), 'source', 'expected text'),
    ...check(
      memoryMb === 0 || (memoryMb >= LEAST_MEMORY_MB && memoryMb <= MOST_MEMORY_MB),
      'memory_mb',
      `expected ${LEAST_MEMORY_MB} to ${MOST_MEMORY_MB}, or 0 for ${DEFAULT_MEMORY_MB}, got ${memoryMb}`,
    ),
  ],
  trial: async (settings) => {
    const problem = await tryScript(startOf(settings));
    return problem === undefined ? [] : [{ field: 'source', message: problem }];
  },
  needs: ({ source }) => scriptNeeds(source),
  names: () => ({ groupIds: [], backendIds: [] }),
  notKept: () => ['it sees the headers that history keeps, and no others'],
  compile: (settings, id) => {
    const runner = createScriptRunner(startOf(settings));
    const write = requestWriter(settings.source);
    return {
      ask: async (query, { snapshot, chance, limitMs }) =>
        opinionOf(id, readAnswer(await runner.call(query.user, write(query, chance), limitMs)), snapshot),
      [Symbol.asyncDispose]: async () => await runner[Symbol.asyncDispose](),
    };
  },
};

function startOf({ language, source, memoryMb }: Settings): StartExecutor {
  const start = { source, memoryMb: memoryMb || DEFAULT_MEMORY_MB };
  return language === Language.PYTHON ? pythonExecutor(start) : javascriptExecutor(start);
}

function opinionOf(step: string, { result, log }: ScriptAnswer, snapshot: ChainSnapshot): Opinion {
  const withLog = (text: string) => (log === '' ? text : `${text}; it says: ${log}`);
  switch (result.kind) {
    case 'none':
      return abstains(step, withLog('the script has no opinion'));
    case 'group': {
      const { groupId, effects } = result;
      if (snapshot.whyNoGroup(groupId) === 'does not exist')
        return abstains(step, withLog(`the script chose group ${groupId}, which does not exist`));
      return chooses(step, { groupId, effects, text: withLog(`the script chose group ${groupId}`) });
    }
    case 'backend': {
      const { backendId, effects } = result;
      const groupId = snapshot.groupOfBackend(backendId);
      if (groupId === undefined)
        return abstains(step, withLog(`the script chose backend ${backendId}, which is in no enabled group`));
      return chooses(step, { groupId, backendId, effects, text: withLog(`the script chose backend ${backendId}`) });
    }
    case 'refusal':
      return refuses(step, withLog(`the script refuses: ${result.message}`), result.message);
  }
}
