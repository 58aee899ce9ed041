import { describeError, isUnreachable, type Logger, refusesToken } from '@trino-gateway/runtime';

/** How the monitor stands with the gatewayserver; several loops report to it. */
export type Standing = {
  /** The calls of this loop work. */
  works(loop: string): void;
  /** A call of this loop failed; logged when it is news. */
  fails(loop: string, error: unknown): void;
  /** Why the monitor is of no use until somebody changes its configuration; undefined otherwise. */
  refused(): string | undefined;
};

type Trouble = { text: string; token: boolean };

/**
 * Nothing known yet.
 * @param hasToken whether `monitor.gatewayserver_token` is set: tells a missing token from a wrong one
 */
export function createStanding(hasToken: boolean, logger: Logger): Standing {
  const troubles = new Map<string, Trouble>();
  let said: string | undefined;
  const say = (error?: unknown) => {
    const [trouble] = troubles.values();
    if (trouble?.text === said) return;
    said = trouble?.text;
    if (said === undefined) logger.info('the gatewayserver answers again');
    else logger.warn(said, error === undefined ? {} : { error: describeError(error) });
  };
  return {
    works: (loop) => {
      if (troubles.delete(loop)) say();
    },
    fails: (loop, error) => {
      troubles.set(loop, describe(error, hasToken));
      say(error);
    },
    refused: () => [...troubles.values()].find(({ token }) => token)?.text,
  };
}

function describe(error: unknown, hasToken: boolean): Trouble {
  if (refusesToken(error))
    return {
      token: true,
      text: hasToken
        ? 'the gatewayserver refuses monitor.gatewayserver_token: expected its admin token (gatewayserver.admin_token)'
        : 'the gatewayserver wants a token: set monitor.gatewayserver_token to its admin token (gatewayserver.admin_token)',
    };
  return {
    token: false,
    text: isUnreachable(error)
      ? 'the gatewayserver does not answer (monitor.gatewayserver_url)'
      : 'the gatewayserver fails (monitor.gatewayserver_url)',
  };
}
