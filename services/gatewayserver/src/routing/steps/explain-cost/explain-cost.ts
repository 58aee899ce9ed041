import type { RoutingStep_ExplainCost_Target as Target } from '@trino-gateway/api/gateway';
import { check, headerTextProblem, idProblem, type Problem } from '@trino-gateway/api/problem';
import { isSealed } from '@trino-gateway/api/sealed-secret';
import { transactionHeader } from '@trino-gateway/trino';
import type { Opinion } from '../../chain/opinion.ts';
import { abstains, chooses } from '../../chain/opinions.ts';
import type { RoutedQuery } from '../../chain/routed-query.ts';
import type { CompiledStep, StepContext, StepKind, StepSettings } from '../../chain/step-kind.ts';
import type { SentHeaders, StepTools } from '../../chain/step-tools.ts';
import { createQuestions, questionKey } from '../questions/questions.ts';
import { clientSession } from './client-session.ts';
import { explainable } from './explainable.ts';
import { MEASURES, type Measure, type PlanCost, planCost } from './plan-cost.ts';

type Settings = StepSettings<'explainCost'>;

type Asked = { query: RoutedQuery; statement: string; headers: SentHeaders };

/** What was found out about a statement. */
type Finding = { cost: PlanCost } | { none: string };

const MOST_TARGETS = 100;
const DEFAULT_CONCURRENT = 8;
const MOST_CONCURRENT = 1_000;
const DEFAULT_CACHE_MS = 60_000;
const LONGEST_CACHE_MS = 86_400_000;
/** That of a step; a question ends before when nobody waits for it any more. */
const LONGEST_LIMIT_MS = 60_000;

/** By what Trino's optimizer expects a query to cost. */
export const explainCostStep: StepKind<Settings> = {
  isSlow: true,
  problems,
  names: ({ groupId, unknownGroupId, targets }) => ({
    groupIds: [groupId, ...(unknownGroupId ? [unknownGroupId] : []), ...targets.map((target) => target.groupId)],
    backendIds: [],
  }),
  notKept: () => ['it asks without session properties, roles and credentials of the client'],
  needs: ({ user }) => ({ preparedStatements: true, authorization: user === '', extraCredentials: true }),
  compile,
};

function problems(settings: Settings): Problem[] {
  const { groupId, unknownGroupId, targets, user, password, maxConcurrent, cacheMs } = settings;
  return [
    ...idProblem('group_id', groupId),
    ...(unknownGroupId === '' ? [] : idProblem('unknown_group_id', unknownGroupId)),
    ...check(targets.length > 0 && targets.length <= MOST_TARGETS, 'targets', `expected 1 to ${MOST_TARGETS}`),
    ...targets.flatMap((target, at) => targetProblems(target, `targets[${at}]`)),
    ...headerTextProblem('user', user),
    ...headerTextProblem('password', password),
    ...check(!user.includes(':'), 'user', 'expected no colon: it ends the user beside a password'),
    ...check((user === '') === (password === ''), 'password', 'expected user and password together'),
    ...check(
      maxConcurrent >= 0 && maxConcurrent <= MOST_CONCURRENT,
      'max_concurrent',
      `expected 0 (meaning ${DEFAULT_CONCURRENT}) to ${MOST_CONCURRENT}, got ${maxConcurrent}`,
    ),
    ...check(cacheMs <= LONGEST_CACHE_MS, 'cache_ms', `expected at most ${LONGEST_CACHE_MS}, got ${cacheMs}`),
  ];
}

function targetProblems(target: Target, field: string): Problem[] {
  const given = MEASURES.filter((measure) => target[measure] !== undefined);
  return [
    ...idProblem(`${field}.group_id`, target.groupId),
    ...check(given.length > 0, field, `expected at least one of ${MEASURES.join(', ')}`),
    ...given.flatMap((measure) =>
      check((target[measure] ?? -1) >= 0, `${field}.${measure}`, `expected 0 or more, got ${target[measure]}`),
    ),
  ];
}

function compile(settings: Settings, stepId: string, { explain, countQuestion }: StepTools): CompiledStep {
  const { groupId, user, password, maxConcurrent, cacheMs } = settings;
  if (isSealed(password))
    throw new Error('password is stored encrypted, and no key of gatewayserver.secrets_key opens it: put it anew');
  const login = user === '' ? undefined : { user, password };
  const questions = createQuestions<Finding>({
    stepId,
    keepMs: cacheMs < 0 ? 0 : cacheMs || DEFAULT_CACHE_MS,
    mostAtATime: maxConcurrent || DEFAULT_CONCURRENT,
    count: countQuestion,
  });
  const ask = async (key: string, asked: Asked, { snapshot, chance, signal }: StepContext): Promise<Opinion> => {
    const { query, statement, headers } = asked;
    const clusters = snapshot.available(groupId, query.now);
    const backend = clusters[Math.floor(chance * clusters.length)];
    if (!backend) throw new Error(`group ${groupId}, which explains, has no available backend`);
    const question = { backend, statement, headers, timeLimitMs: LONGEST_LIMIT_MS };
    const finding = await questions.ask(key, signal(), async (stopped) =>
      findingOf(await explain({ ...question, signal: stopped })),
    );
    return opinionOf(stepId, settings, finding);
  };
  return {
    ask: (query, context) => {
      const why = whyNoSession(query);
      if (why !== undefined) return abstains(stepId, why);
      const found = explainable(query);
      if ('why' in found) return abstains(stepId, found.why);
      const statement = found.text.trim();
      const { identity, headers } = clientSession(query, login);
      const key = questionKey([query.sql().shape() || statement, ...identity]);
      const known = questions.known(key);
      return known ? opinionOf(stepId, settings, known) : ask(key, { query, statement, headers }, context);
    },
    [Symbol.asyncDispose]: async () => {
      await questions[Symbol.asyncDispose]();
    },
  };
}

/** Why nobody but the client's own coordinator could explain it. */
function whyNoSession({ rawHeaders, user }: RoutedQuery): string | undefined {
  const { kind } = transactionHeader(rawHeaders);
  if (kind === 'open' || kind === 'malformed') return 'a statement of a transaction is not explained';
  return user === '' ? 'the user of the query is not known' : undefined;
}

/** @throws Error when the cluster could not explain, whatever the statement */
function findingOf(said: Awaited<ReturnType<StepTools['explain']>>): Finding {
  if (said.kind === 'plan') {
    const cost = planCost(said.text);
    return cost ? { cost } : { none: 'Trino made no plan of it' };
  }
  if (said.errorType !== 'USER_ERROR') throw new Error(`Trino could not explain it: ${said.errorName.slice(0, 100)}`);
  return { none: `Trino refuses to explain it: ${said.errorName.slice(0, 100)}` };
}

function opinionOf(stepId: string, { targets, unknownGroupId }: Settings, finding: Finding): Opinion {
  if ('none' in finding) return abstains(stepId, finding.none);
  const { cost } = finding;
  const chosen = targets.find((target) => suffices(target, cost));
  const text = MEASURES.map((measure) => `${measure} ${cost[measure]?.toPrecision(3) ?? 'unknown'}`).join(', ');
  if (chosen) return chooses(stepId, { groupId: chosen.groupId, text: `${text}: group ${chosen.groupId}` });
  const unknown = MEASURES.filter((measure) => cost[measure] === undefined && isAsked(targets, measure));
  if (unknown.length === 0) return abstains(stepId, `${text}: more than every target`);
  if (unknownGroupId === '') return abstains(stepId, `${text}: not known`);
  return chooses(stepId, { groupId: unknownGroupId, text: `${text}: not known, group ${unknownGroupId}` });
}

function suffices(target: Target, cost: PlanCost): boolean {
  return MEASURES.every((measure) => {
    const most = target[measure];
    const amount = cost[measure];
    return most === undefined || (amount !== undefined && amount <= most);
  });
}

function isAsked(targets: readonly Target[], measure: Measure): boolean {
  return targets.some((target) => target[measure] !== undefined);
}
