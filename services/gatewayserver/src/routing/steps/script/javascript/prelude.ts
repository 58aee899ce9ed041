import { MOST_ANSWER_LENGTH, MOST_LOG_LENGTH } from '../running/executor.ts';

/**
 * Runs in the sandbox before the script. Its value is the function that calls `route`. Chance and the clock are gone: a query is
 * decided by what the request says, so that it can be asked again.
 */
export const PRELUDE = `(() => {
  const { stringify, parse } = JSON, { construct } = Reflect, HostDate = Date, text = String, RealError = TypeError;
  let now = 0, log = '';
  globalThis.Date = function Date(...given) {
    return new.target ? construct(HostDate, given.length ? given : [now], new.target) : new HostDate(now).toString();
  };
  Object.assign(Date, { UTC: HostDate.UTC, parse: HostDate.parse, now: () => now });
  Date.prototype = HostDate.prototype;
  Date.prototype.constructor = Date;
  delete Math.random;
  const write = (...parts) => {
    for (const part of parts) {
      if (log.length >= ${MOST_LOG_LENGTH}) return;
      log += (log && ' ') + (typeof part === 'string' ? part : stringify(part) ?? text(part)).slice(0, ${MOST_LOG_LENGTH});
    }
  };
  globalThis.console = { log: write, info: write, warn: write, error: write, debug: write };
  return (route, request) => {
    const query = parse(request).request;
    now = query.now ?? 0;
    const result = route(query);
    if (typeof result === 'number' || typeof result === 'bigint' || typeof result === 'symbol' || typeof result === 'function')
      throw new RealError('route returned a ' + typeof result);
    if (typeof result?.then === 'function') throw new RealError('route returned a promise');
    const answer = stringify({ result, log: log || undefined });
    if (answer.length > ${MOST_ANSWER_LENGTH}) throw new RealError('route returned more than ${MOST_ANSWER_LENGTH} characters');
    return answer;
  };
})()`;

/** After the script: what it calls route, exported or not. */
export const EPILOGUE = "\n;export const gateway$route = typeof route === 'undefined' ? undefined : route;";
