import { isBearerToken, TOKEN_SHAPE } from '@trino-gateway/api/bearer-token';
import { check, type Problem, quote } from '@trino-gateway/api/problem';
import { HIDDEN_SECRET, isSealed } from '@trino-gateway/api/sealed-secret';
import { tlsProblems } from '@trino-gateway/api/validation';
import { pause } from '@trino-gateway/runtime';
import type { Opinion } from '../../chain/opinion.ts';
import { abstains, chooses, refuses } from '../../chain/opinions.ts';
import type { ChainSnapshot, CompiledStep, StepKind, StepSettings } from '../../chain/step-kind.ts';
import type { ServiceQuestion, StepTools } from '../../chain/step-tools.ts';
import { createQuestions, questionKey } from '../questions/questions.ts';
import { createBreaker } from './breaker.ts';
import { sentHeaders } from './sent-headers.ts';
import { messageOf, readAnswer, type ServiceOpinion } from './service-answer.ts';
import { serviceBody } from './service-body.ts';

type Settings = StepSettings<'external'>;

const MOST_RETRIES = 5;
const MOST_EXCLUDED = 1_000;
const LONGEST_CACHE_MS = 3_600_000;
const MOST_AT_A_TIME = 256;
const RETRY_PAUSE_MS = 20;

/** A service of the operator's own. */
export const externalStep: StepKind<Settings> = {
  isSlow: true,
  problems,
  names: () => ({ groupIds: [], backendIds: [] }),
  notKept: () => ['it sees the headers that history keeps, and no others'],
  needs: ({ sendCredentials, token }) => ({
    preparedStatements: true,
    authorization: sendCredentials && token === '',
    extraCredentials: sendCredentials,
  }),
  compile,
};

function problems({ url, excludeHeaders, token, tls, retries, cacheMs }: Settings): Problem[] {
  return [
    ...check(isServiceUrl(url), 'url', `expected an http or https URL without user and fragment, got ${quote(url)}`),
    ...check(excludeHeaders.length <= MOST_EXCLUDED, 'exclude_headers', `expected at most ${MOST_EXCLUDED}`),
    ...excludeHeaders.flatMap((name, at) =>
      check(
        /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(name),
        `exclude_headers[${at}]`,
        'expected the name of a header',
      ),
    ),
    ...check(
      token === '' || token === HIDDEN_SECRET || isBearerToken(token),
      'token',
      `expected a bearer token: ${TOKEN_SHAPE}`,
    ),
    ...(tls ? tlsProblems(tls, url) : []),
    ...check(retries >= 0 && retries <= MOST_RETRIES, 'retries', `expected 0 to ${MOST_RETRIES}, got ${retries}`),
    ...check(
      cacheMs >= 0 && cacheMs <= LONGEST_CACHE_MS,
      'cache_ms',
      `expected 0 (none) to ${LONGEST_CACHE_MS}, got ${cacheMs}`,
    ),
  ];
}

function isServiceUrl(text: string): boolean {
  if (text.length > 2_000 || !/^https?:\/\/[^\s#\\]+$/i.test(text) || !URL.canParse(text)) return false;
  const { hostname, username, password } = new URL(text);
  return hostname !== '' && username === '' && password === '';
}

function compile(settings: Settings, stepId: string, tools: StepTools): CompiledStep {
  const { excludeHeaders, token, cacheMs, sendCredentials: sendsCredentials } = settings;
  if (isSealed(token))
    throw new Error('token is stored encrypted, and no key of gatewayserver.secrets_key opens it: put it anew');
  const excluded = new Set(excludeHeaders.map((name) => name.toLowerCase()));
  const questions = createQuestions<ServiceOpinion>({
    stepId,
    keepMs: cacheMs,
    mostAtATime: MOST_AT_A_TIME,
    count: tools.countQuestion,
  });
  const breaker = createBreaker(
    (isOpen) => tools.showBreaker(stepId, isOpen),
    () => performance.now(),
  );
  const askGuarded = async (question: ServiceQuestion) => {
    try {
      const opinion = await askWithRetries(settings.retries, async () =>
        readAnswer(await tools.askService(question), excluded),
      )(question.signal);
      breaker.succeeded();
      return opinion;
    } catch (error) {
      breaker.failed();
      throw error;
    }
  };
  return {
    ask: (query, { snapshot, signal }) => {
      const headers = sentHeaders(query, { excluded, sendsCredentials, token });
      const body = serviceBody(query);
      const key = questionKey([body, headers]);
      const known = questions.known(key);
      if (known) return opinionOf(stepId, settings, known, snapshot);
      if (!breaker.admits()) {
        tools.countQuestion(stepId, 'passed over', 0);
        throw new Error('the service failed again and again: it is not asked for a while');
      }
      const { url, tls } = settings;
      return questions
        .ask(key, signal(), (stopped) => askGuarded({ url, tls, headers, body, signal: stopped }))
        .then((opinion) => opinionOf(stepId, settings, opinion, snapshot));
    },
    [Symbol.asyncDispose]: async () => {
      await questions[Symbol.asyncDispose]();
      tools.showBreaker(stepId, false);
    },
  };
}

/** The question has no effect: it is asked again whatever went wrong, as long as somebody waits. */
function askWithRetries<Answer>(retries: number, ask: () => Promise<Answer>): (signal: AbortSignal) => Promise<Answer> {
  return async (signal) => {
    for (let left = retries; ; left -= 1) {
      try {
        return await ask();
      } catch (error) {
        if (left === 0 || signal.aborted) throw error;
      }
      await pause(RETRY_PAUSE_MS, signal);
    }
  };
}

function opinionOf(
  stepId: string,
  { propagateErrors }: Settings,
  { groupId, errors, headers }: ServiceOpinion,
  snapshot: ChainSnapshot,
): Opinion {
  if (errors.length > 0 && propagateErrors) {
    const message = messageOf(errors) || 'The routing service of this gateway refuses the query';
    return refuses(stepId, `the service refuses the query: ${message}`, message);
  }
  const effects = Object.keys(headers).length > 0 ? { setHeaders: headers } : undefined;
  const none = groupId === '' ? 'the service names no group' : whyNot(groupId, snapshot);
  if (none !== undefined) return { ...abstains(stepId, none), ...(effects && { effects }) };
  return chooses(stepId, { groupId, text: `the service said group ${groupId}`, ...(effects && { effects }) });
}

function whyNot(groupId: string, { whyNoGroup }: ChainSnapshot): string | undefined {
  if (whyNoGroup(groupId) !== 'does not exist') return undefined;
  return `the service named ${quote(groupId)}, a group that does not exist`;
}
