import { expect, test } from '@jest/globals';
import { pageWithWait, waitInLink } from './page-with-wait.ts';

const page = (nextUri: string, data: string) =>
  `{"id":"q","infoUri":"http://x/ui/query.html?q",${nextUri}"columns":[{"name":"é"}],${data}"stats":{"state":"RUNNING","queuedTimeMillis":3,"elapsedTimeMillis": 120 ,"rootStage":{"elapsedTimeMillis":7,"subStages":[{"queuedTimeMillis":1}]}},"warnings":[]}`;
const changed = (text: string, marksLink = true) => pageWithWait(Buffer.from(text), 12_000.4, { marksLink }).toString();

test('the times of a page hold the wait, and its link says so; nothing else is touched', () => {
  const data = '"data":[["\\"stats\\":{\\"elapsedTimeMillis\\":1","𝄞"],[{"stats":{"elapsedTimeMillis":5}}]],';
  expect(changed(page('"nextUri":"http://x/v1/statement/executing/q/y/1",', data))).toBe(
    page('"nextUri":"http://x/v1/statement/executing/q/y/1?waited=12000",', data)
      .replace('"queuedTimeMillis":3', '"queuedTimeMillis":12003')
      .replace('"elapsedTimeMillis": 120', '"elapsedTimeMillis": 12120'),
  );
});

test('a last page has no link, and a link that does not lead here is left as it is', () => {
  expect(changed(page('', ''))).toContain('"elapsedTimeMillis": 12120');
  const direct = '"nextUri":"http://cluster/v1/statement/queued/q/y/1",';
  expect(changed(page(direct, ''), false)).toContain(direct);
  expect(changed(page('"nextUri":"http://x/q?a=1",', ''))).toContain('?a=1&waited=12000"');
});

test('what is no page stays as it is', () => {
  for (const text of ['', '<html>', '[1,2', '{"stats":{"elapsedTimeMillis":"x"}}', '{"a":"never closed'])
    expect(changed(text)).toBe(text);
});

test('the wait is read in a link, and nothing else', () => {
  expect(waitInLink('/v1/statement/executing/q/y/1?waited=12000')).toBe(12_000);
  expect(waitInLink('/v1/statement/executing/q/y/1?a=1&waited=5&targetResultSize=1MB')).toBe(5);
  for (const target of ['/v1/statement/executing/q/y/1', '?waited=', '?waited=-5', `?waited=${'9'.repeat(1_000_000)}`])
    expect(waitInLink(target)).toBe(0);
});
