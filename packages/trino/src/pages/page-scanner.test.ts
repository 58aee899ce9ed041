import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePageError } from '../errors/page-error.ts';
import { type PageLink, PageScanner } from './page-scanner.ts';

const page = {
  id: '20261121_072228_00317_nitsd',
  infoUri: 'http://h:1/ui/query.html?20261121_072228_00317_nitsd',
  partialCancelUri: 'http://h:1/v1/statement/executing/partialCancel/x/0/y1/1',
  nextUri: 'http://h:1/v1/statement/executing/x/y1/1',
  columns: [
    {
      name: 'nextUri',
      type: 'varchar',
      typeSignature: { rawType: 'varchar', arguments: [{ kind: 'LONG', value: 3 }] },
    },
  ],
  data: [
    [
      '"nextUri":"http://evil/"',
      '\\',
      'infoUri"',
      '{"}',
      9223372036854775000,
      null,
      { nextUri: 'http://evil/2' },
      ['[[['],
    ],
  ],
  stats: { state: 'RUNNING', rootStage: { state: 'FINISHED', subStages: [{ state: 'X' }] }, nodes: 1 },
  warnings: [],
};

function scan(text: string, cuts: readonly number[] = []) {
  const links: PageLink[] = [];
  const scanner = new PageScanner({ onLink: (link) => links.push(link) });
  const bytes = Buffer.from(text);
  let from = 0;
  for (const cut of [...cuts, bytes.length].filter((at) => at <= bytes.length).sort((a, b) => a - b)) {
    scanner.push(Buffer.from(bytes.subarray(from, cut)));
    from = cut;
  }
  const { id, nextUri, infoUri, partialCancelUri, state, error, complete } = scanner;
  return { bytes, links, found: { id, nextUri, infoUri, partialCancelUri, state, error, complete } };
}

describe('what a page says', () => {
  test('the links, id and state of a page are found, not those in columns, rows and stages', () => {
    const { found, links } = scan(JSON.stringify(page));
    expect(found).toEqual({
      id: page.id,
      nextUri: page.nextUri,
      infoUri: page.infoUri,
      partialCancelUri: page.partialCancelUri,
      state: 'RUNNING',
      error: undefined,
      complete: true,
    });
    expect(links.map(({ key }) => key)).toEqual(['infoUri', 'partialCancelUri', 'nextUri']);
  });

  test('a page in another key order, with unknown keys and whitespace, says the same', () => {
    const { stats, data, columns, ...rest } = page;
    const reordered = JSON.stringify(
      { later: { nextUri: 'no', stats: { state: 'no' } }, stats, list: ['state', 'nextUri'], data, columns, ...rest },
      null,
      2,
    );
    const { found } = scan(` \n${reordered}\n`);
    expect(found).toMatchObject({
      id: page.id,
      nextUri: page.nextUri,
      infoUri: page.infoUri,
      state: 'RUNNING',
      complete: true,
    });
  });

  test('byte ranges point at the link also after multi-byte text', () => {
    const text = JSON.stringify({ note: '日本語 🦊', nextUri: 'http://h/n', infoUri: 'http://h/i' });
    const { links, bytes } = scan(text);
    expect(links.map(({ start, end }) => bytes.toString('utf8', start, end))).toEqual(['http://h/n', 'http://h/i']);
  });

  test('segments of a spooled page have links of their own', () => {
    const segments = [
      { type: 'inline', data: 'eyJ1cmkiOiJ4In0=', metadata: { uri: 'not this' } },
      {
        type: 'spooled',
        uri: 'http://h/v1/spooled/download/a',
        ackUri: 'http://h/v1/spooled/ack/a',
        headers: { uri: ['not this'] },
      },
    ];
    const { links } = scan(
      JSON.stringify({ id: 'x', data: { encoding: 'json', metadata: { segments: [{ uri: 'no' }] }, segments } }),
    );
    expect(links.map(({ key, text }) => [key, text])).toEqual([
      ['uri', 'http://h/v1/spooled/download/a'],
      ['ackUri', 'http://h/v1/spooled/ack/a'],
    ]);
  });

  test('the error of a failed page can be read, whatever its failureInfo holds', () => {
    const error = {
      message: 'Division "by" zero',
      errorCode: 8,
      errorName: 'DIVISION_BY_ZERO',
      errorType: 'USER_ERROR',
      failureInfo: { cause: { message: '}' } },
    };
    const { found } = scan(JSON.stringify({ id: 'x', stats: { state: 'FAILED' }, error, warnings: [] }));
    expect(found).toMatchObject({ state: 'FAILED', complete: true, nextUri: undefined });
    expect(JSON.parse(found.error ?? '')).toEqual(error);
    expect(parsePageError(found.error)).toEqual({
      message: 'Division "by" zero',
      errorCode: 8,
      errorName: 'DIVISION_BY_ZERO',
      errorType: 'USER_ERROR',
    });
    expect(parsePageError('{"message":')).toBeUndefined();
  });

  test('escaped keys and links are understood', () => {
    const { found } = scan('{"next\\u0055ri":"http:\\/\\/h\\/n","id":"a\\"b"}');
    expect(found).toMatchObject({ nextUri: 'http://h/n', id: 'a"b', complete: true });
  });
});

describe('incomplete pages', () => {
  test('a page that breaks off anywhere is never complete', () => {
    const text = JSON.stringify(page);
    for (let length = 0; length < text.length; length += 1)
      expect(scan(text.slice(0, length)).found.complete).toBe(false);
  });

  test.each(['', 'null', '[]', '"x"', '<html>', '}', ']{', '[{"nextUri":"x"}]'])('%j is no page', (text) => {
    expect(scan(text).found).toMatchObject({ complete: false, nextUri: undefined });
  });

  test('a link that never ends costs no memory', () => {
    const scanner = new PageScanner();
    scanner.push(Buffer.from('{"nextUri":"'));
    for (let at = 0; at < 100; at += 1) scanner.push(Buffer.alloc(1024, 'x'));
    expect(scanner.openLinkStart).toBe(-1);
    scanner.push(Buffer.from('","id":"a"}'));
    expect(scanner).toMatchObject({ nextUri: undefined, id: 'a', complete: true });
  });
});

test('the id and the links are known as soon as they were seen, before the columns', () => {
  const text = JSON.stringify(page);
  const { found, links } = scan(text.slice(0, text.indexOf('"columns"')));
  expect(found).toMatchObject({ id: page.id, nextUri: page.nextUri, state: undefined, complete: false });
  expect(links).toHaveLength(3);
});

test('any cut into chunks gives the same findings', () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  const document = fc.record(
    {
      id: fc.string(),
      nextUri: fc.oneof(fc.webUrl(), fc.string({ unit: 'grapheme' })),
      infoUri: fc.webUrl(),
      columns: value,
      data: fc.oneof(
        value,
        fc.record({ segments: fc.array(fc.record({ uri: fc.webUrl(), ackUri: fc.string(), metadata: value })) }),
      ),
      stats: fc.oneof(value, fc.record({ state: fc.string(), rootStage: value })),
      error: fc.dictionary(fc.string(), value),
      other: value,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(document, fc.array(fc.nat(2000)), fc.constantFrom(undefined, 1), (made, cuts, indent) => {
      const text = JSON.stringify(made, null, indent);
      const whole = scan(text);
      const parts = scan(text, cuts);
      expect({ links: parts.links, found: parts.found }).toEqual({ links: whole.links, found: whole.found });
      expect(whole.found).toMatchObject({ complete: true, id: made.id, nextUri: made.nextUri, infoUri: made.infoUri });
      if (made.error !== undefined)
        expect(JSON.parse(whole.found.error ?? 'null')).toEqual(JSON.parse(JSON.stringify(made.error)));
      const state = (made.stats as { state?: unknown } | undefined)?.state;
      if (typeof state === 'string' && !Array.isArray(made.stats)) expect(whole.found.state).toBe(state);
    }),
    { numRuns: 300 },
  );
});

test('arbitrary bytes never throw', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: fc.constantFrom(...'{}[]",:\\ax '), maxLength: 80 }).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(bytes), (chunks) => {
      const scanner = new PageScanner();
      for (const chunk of chunks) scanner.push(Buffer.from(chunk));
      return typeof scanner.complete === 'boolean';
    }),
    { numRuns: 1000 },
  );
});
