import { allHeaders } from '@trino-gateway/trino';

/** The name of the gateway's only cookie (`ui/cookie.ts`); it is for routers alone and never reaches a cluster. */
export const uiCookieName = 'Trino-Gateway-UI';

/** The headers without the gateway's cookie; all else in the Cookie lines stays. */
export function withoutGatewayCookie(rawHeaders: readonly string[]): readonly string[] {
  if (!cookiesIn(rawHeaders).some(isGatewayCookie)) return rawHeaders;
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    const left =
      name.toLowerCase() === 'cookie'
        ? splitCookies(value)
            .filter((pair) => !isGatewayCookie(pair))
            .join('; ')
        : value;
    if (left !== '' || value === '') kept.push(name, left);
  }
  return kept;
}

const splitCookies = (line: string) => line.split(';').map((pair) => pair.trim());
/** The pairs of all Cookie lines. */
export const cookiesIn = (rawHeaders: readonly string[]) => allHeaders(rawHeaders, 'cookie').flatMap(splitCookies);
/** Whether a pair is the gateway's cookie. */
export const isGatewayCookie = (pair: string) => pair.startsWith(`${uiCookieName}=`);
