import { check } from '../problem.ts';
import { lookUpByKey } from './look-up-by-key.ts';
import type { PolicyRuleKind } from './policy-rule-kind.ts';

/** The port of the listener that a request came in by. */
export const listeningPort: PolicyRuleKind<number> = {
  field: 'listening_port',
  problems: (port) => check(port >= 1 && port <= 65_535, 'listening_port', `expected 1 to 65535, got ${port}`),
  normalize: (port) => port,
  describe: (port) => `port ${port}`,
  entryPoint: (port) => ({ listeningPort: port }),
  compile: (policies, summarize) => {
    const byPort = lookUpByKey(policies, (port) => port, summarize);
    return (request) => byPort.get(request.listeningPort);
  },
};
