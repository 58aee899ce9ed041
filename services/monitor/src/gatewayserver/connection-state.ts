import { describeError, isUnreachable, type Logger, refusesToken } from '@trino-gateway/runtime';

/** The state of the connection to the gatewayserver, as several loops report it. */
export type ConnectionState = {
  /** A call of this loop succeeded. */
  succeeded(loop: string): void;
  /** A call of this loop failed; logged when the problem is a new one. */
  failed(loop: string, error: unknown): void;
  /** What somebody must change in the configuration before the monitor is of use; undefined when nothing. */
  misconfiguration(): string | undefined;
};

type Problem = { text: string; isMisconfiguration: boolean };

/**
 * Nothing known yet.
 * @param hasToken whether `monitor.gatewayserver_token` is set: tells a missing token from a wrong one
 */
export function createConnectionState(hasToken: boolean, logger: Logger): ConnectionState {
  const problems = new Map<string, Problem>();
  let logged: string | undefined;
  const log = (error?: unknown) => {
    const [problem] = problems.values();
    if (problem?.text === logged) return;
    logged = problem?.text;
    if (logged === undefined) logger.info('the gatewayserver answers again');
    else logger.warn(logged, error === undefined ? {} : { error: describeError(error) });
  };
  return {
    succeeded: (loop) => {
      if (problems.delete(loop)) log();
    },
    failed: (loop, error) => {
      problems.set(loop, problemOf(error, hasToken));
      log(error);
    },
    misconfiguration: () => [...problems.values()].find(({ isMisconfiguration }) => isMisconfiguration)?.text,
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
  return {
    isMisconfiguration: false,
    text: isUnreachable(error)
      ? 'the gatewayserver does not answer (monitor.gatewayserver_url)'
      : 'the gatewayserver fails (monitor.gatewayserver_url)',
  };
}
