import { type Answer, exchange } from '@trino-gateway/testing/trino-client/exchange';

/** A browser without pages: keeps the cookies of each origin and follows redirects. */
export type LoginBrowser = {
  /** Opens a page, follows redirects, and answers the last page with the address it has. */
  open(url: string): Promise<Answer & { url: string }>;
  /** One request, redirects not followed. */
  ask(url: string): Promise<Answer>;
  /** A cookie of this origin. */
  cookie(origin: string, name: string): string | undefined;
};

const MOST_REDIRECTS = 20;

export function loginBrowser(): LoginBrowser {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (origin: string) => {
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  };
  const ask = async (url: string): Promise<Answer> => {
    const jar = jarOf(new URL(url).origin);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const signal = AbortSignal.timeout(60_000);
    const answer = await exchange(new URL(url), { method: 'GET', headers: cookie === '' ? {} : { cookie }, signal });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=;]*)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0\b/i.test(line) || value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  };
  return {
    ask,
    cookie: (origin, name) => jarOf(origin).get(name),
    open: async (url) => {
      let at = url;
      for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
        const answer = await ask(at);
        const { location } = answer.headers;
        if (answer.status < 300 || answer.status > 399 || location === undefined) return { ...answer, url: at };
        at = new URL(location, at).href;
      }
      throw new Error(`more than ${MOST_REDIRECTS} redirects from ${url}`);
    },
  };
}
