import { boundedLabels } from '@trino-gateway/runtime';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { StepTools } from '../routing/chain/step-tools.ts';

/** What is counted about the questions that steps ask outside of this process. */
export type QuestionMetrics = Pick<StepTools, 'countQuestion' | 'showBreaker'>;

const MOST_SERIES = 1_000;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Registers them. */
export function createQuestionMetrics(registry: Registry): QuestionMetrics {
  const bounded = boundedLabels(MOST_SERIES, ['step']);
  const questions = new Counter({
    name: 'trino_gateway_step_questions_total',
    help: 'What routing steps asked outside of the gateway, by step and result: answered, failed, late, cached (not asked again), passed over (too many at a time, or the circuit breaker is open).',
    labelNames: ['step', 'result'],
    registers: [registry],
  });
  const boundedSeconds = boundedLabels(MOST_SERIES, ['step']);
  const seconds = new Histogram({
    name: 'trino_gateway_step_question_seconds',
    help: 'Duration of what routing steps asked outside of the gateway, by step; answers from a cache are left out.',
    labelNames: ['step'],
    buckets: SECONDS,
    registers: [registry],
  });
  const boundedBreakers = boundedLabels(MOST_SERIES, ['step']);
  const breakers = new Gauge({
    name: 'trino_gateway_step_breaker_open',
    help: 'Whether the circuit breaker of a routing step is open (1): its service is not asked for a while.',
    labelNames: ['step'],
    registers: [registry],
  });
  return {
    countQuestion: (step, result, durationMs) => {
      questions.inc(bounded({ step, result }));
      if (result !== 'cached' && result !== 'passed over')
        seconds.observe(boundedSeconds({ step }), durationMs / 1_000);
    },
    showBreaker: (step, isOpen) => breakers.set(boundedBreakers({ step }), Number(isOpen)),
  };
}
