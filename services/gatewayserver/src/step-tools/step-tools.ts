import type { StepTools } from '../routing/chain/step-tools.ts';
import { askService } from './ask-service.ts';
import { type Connections, explain } from './explain.ts';
import type { QuestionMetrics } from './metrics.ts';

/** What routing steps ask outside of this process, and how that is counted. */
export function createStepTools(connections: Connections, metrics: QuestionMetrics): StepTools {
  return {
    explain: (question) => explain(question, connections),
    askService: (question) => askService(question, connections),
    ...metrics,
  };
}
