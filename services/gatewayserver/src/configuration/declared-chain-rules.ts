import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { toBinary } from '@bufbuild/protobuf';
import { type RoutingChain, RoutingChainSchema } from '@trino-gateway/api/gateway';
import type { ChainChecks, Problem } from '@trino-gateway/api/validation';
import { hasTrials, mayBeTried } from '../routing/chain/chain-trial.ts';
import { stepKinds } from '../routing/steps/registry.ts';
import { chainRules } from './stored-chain.ts';

const PROGRAM = join(import.meta.dirname, 'try-chain-main.ts');
const LIMIT_MS = 60_000;

let lastTried = '';

/** What is known of a chain in a configuration file: the steps that can be tried are tried, in a process of its own, before the file is taken. */
export const declaredChainRules: ChainChecks = {
  ...chainRules,
  problems: (chain) => {
    const problems = chainRules.problems(chain);
    return mayBeTried(problems) && hasTrials(stepKinds, chain) ? [...problems, ...tried(chain)] : problems;
  },
};

function tried(chain: RoutingChain): Problem[] {
  const given = Buffer.from(toBinary(RoutingChainSchema, chain)).toString('base64');
  if (given === lastTried) return [];
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM], { input: given, timeout: LIMIT_MS });
  if (status !== 0) return [{ field: 'steps', message: 'could not be tried: a process of their own did not start' }];
  const problems = JSON.parse(stdout.toString()) as Problem[];
  if (problems.length === 0) lastTried = given;
  return problems;
}
