import {
  createOutageLog,
  databaseIsAway,
  describeError,
  gatewayserverOf,
  isUnreachable,
  type Logger,
  refusesToken,
} from '@trino-gateway/runtime';

/** The state of the connection to the gatewayserver, as several loops report it. */
export type ConnectionState = {
  /** A call of this loop succeeded. */
  succeeded(loop: string): void;
  /** A call of this loop failed; logged at once, then once a minute. */
  failed(loop: string, error: unknown): void;
  /** What somebody must change in the configuration before the monitor is of use; undefined when nothing. */
  misconfiguration(): string | undefined;
  /** What does not work now; undefined when all does. */
  problem(): string | undefined;
};

type Problem = { text: string; isMisconfiguration: boolean };

/**
 * Nothing known yet.
 * @param hasToken whether `monitor.gatewayserver_token` is set: tells a missing token from a wrong one
 */
export function createConnectionState(hasToken: boolean, logger: Logger): ConnectionState {
  const problems = new Map<string, Problem>();
  const outage = createOutageLog({ logger, recovered: 'the gatewayserver answers again' });
  return {
    succeeded: (loop) => {
      if (problems.delete(loop) && problems.size === 0) outage.succeeded();
    },
    failed: (loop, error) => {
      const problem = problemOf(error, hasToken);
      problems.set(loop, problem);
      outage.failed(problem.text, { gatewayserver: gatewayserverOf(error), error: describeError(error) });
    },
    misconfiguration: () => [...problems.values()].find(({ isMisconfiguration }) => isMisconfiguration)?.text,
    problem: () => [...problems.values()][0]?.text,
  };
}

function problemOf(error: unknown, hasToken: boolean): Problem {
  if (refusesToken(error))
    return {
      isMisconfiguration: true,
      text: hasToken
        ? 'the gatewayserver refuses monitor.gatewayserver_token: expected its admin token (gatewayserver.admin_token)'
        : 'the gatewayserver requires a token: set monitor.gatewayserver_token to its admin token (gatewayserver.admin_token)',
    };
  if (databaseIsAway(error))
    return {
      isMisconfiguration: false,
      text: `the database of gatewayserver ${gatewayserverOf(error) ?? ''} does not answer`,
    };
  return {
    isMisconfiguration: false,
    text: isUnreachable(error)
      ? 'the gatewayserver does not answer (monitor.gatewayserver_url)'
      : 'the gatewayserver fails (monitor.gatewayserver_url)',
  };
}
