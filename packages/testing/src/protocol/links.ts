import { expect, test } from '@jest/globals';
import type { ProtocolTarget } from './target.ts';
import { next, pageOf, send, session } from './wire.ts';

export function links(target: () => ProtocolTarget): void {
  const originOf = async (url: string, headers: Record<string, string>) => {
    const page = pageOf(await send('POST', `${url}/v1/statement`, { ...session, ...headers }, 'SELECT 1'));
    expect(page.infoUri.split('/ui/')[0]).toBe(next(page).split('/v1/')[0]);
    return next(page).split('/v1/')[0];
  };
  const forwarded = (headers: Record<string, string>) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [`X-Forwarded-${name}`, value]));

  test.each<[Record<string, string>, string]>([
    [forwarded({ Proto: 'https', Host: 'gw.example:8443', Port: '8443' }), 'https://gw.example:8443'],
    [forwarded({ Proto: 'https', Host: 'gw.example', Port: '8443' }), 'https://gw.example:8443'],
    [forwarded({ Proto: 'https', Host: 'gw.example' }), 'https://gw.example'],
    [forwarded({ Proto: 'https' }), 'https://HOST'],
    [forwarded({ Host: 'gw.example' }), 'http://gw.example'],
    [forwarded({ Port: '8443' }), 'http://127.0.0.1:8443'],
    [forwarded({ Proto: 'https', Host: '[::1]:8443' }), 'https://[::1]:8443'],
    [forwarded({ Prefix: '/c1' }), 'http://HOST/c1'],
    [forwarded({ Host: 'a.example, b.example', Proto: 'https, http' }), 'https://a.example'],
    [{ Forwarded: 'host=evil.example;proto=https' }, 'https://evil.example:PORT'],
    [{ Forwarded: 'host=evil.example;proto=https', 'X-Forwarded-Host': 'gw.example' }, 'https://evil.example'],
    [{ Host: 'gw.example:9999' }, 'http://gw.example:9999'],
  ])('with %j they begin with %s', async (headers, expected) => {
    const { host, port } = new URL(target().url);
    expect(await originOf(target().url, headers)).toBe(expected.replace('HOST', host).replace('PORT', port));
  });

  test('each answer is built from its own request', async () => {
    const page = pageOf(
      await send(
        'POST',
        `${target().url}/v1/statement`,
        { ...session, ...forwarded({ Host: 'gw.example' }) },
        'SELECT 1',
      ),
    );
    const { pathname } = new URL(next(page));
    expect(next(pageOf(await send('GET', target().url + pathname)))).toMatch(new RegExp(`^${target().url}/v1/`));
    const answer = await send('GET', target().url + pathname, forwarded({ Host: 'other.example', Proto: 'https' }));
    expect(next(pageOf(answer))).toMatch(/^https:\/\/other\.example\/v1\//);
  });

  test('a cluster that does not process them refuses every X-Forwarded header, everywhere', async () => {
    const url = target().rejectingUrl;
    if (url === undefined)
      throw new Error('a cluster that rejects X-Forwarded headers is needed: set TRINO_PROTOCOL_URL_REJECTING');
    const message = (name: string) => `Server configuration does not allow processing of the ${name} header`;
    const json = await send(
      'POST',
      `${url}/v1/statement`,
      { ...session, Accept: 'application/json', 'X-Forwarded-Proto': 'https' },
      'SELECT 1',
    );
    expect(json.status).toBe(406);
    expect(JSON.parse(json.text)).toEqual({
      message: message('X-Forwarded-Proto'),
      url: `${url}/v1/statement`,
      status: '406',
    });
    const text = await send('GET', `${url}/v1/info`, { 'X-Forwarded-Invented': 'x' });
    expect(text.status).toBe(406);
    expect(text.text).toContain(message('X-Forwarded-Invented'));
    expect(
      await originOf(url, { Forwarded: 'host=evil.example;proto=https', 'X-Real-IP': '1.2.3.4', Host: 'gw.example' }),
    ).toBe('http://gw.example');
  });
}
