import { expect, test } from '@jest/globals';
import { drawChart, newestRows } from './chart.ts';

const table = (name: string, suite: string) => `| ${name} | a second | of nginx | CPU µs each | of nginx's CPU |
| --- | ---: | ---: | ---: | ---: |
| nginx | 100 | 1.00 | 10 | 1.00 |
| suite | ${suite} |
| suite, 2 workers | 9 | 9 | 9 | 9 |
`;
const RESULTS = `# Results

## 2026-01-01T00:00:00.000Z · old

${table('polls', '10 | 0.10 | 100 | 10.00')}
## 2026-01-02T00:00:00.000Z · new

Text.

${table('polls', '50 | 0.50 | 20 | 2.00')}
${table('pages', '150 | 1.50 | 8 | 0.80')}
${table('latency', '500 | – | 8 | –')}
| idle clients | polls a second |
| --- | ---: |
| 10000 | 336 |
`;

test('the newest record is drawn, of each table the suite where it is compared with nginx', () => {
  expect(newestRows(RESULTS)).toEqual([
    { name: 'polls', rate: 0.5, cpu: 2 },
    { name: 'pages', rate: 1.5, cpu: 0.8 },
  ]);
});

test('a newest record that compares nothing leaves the one before', () => {
  expect(newestRows(`${RESULTS}\n## 2026-01-03T00:00:00.000Z · part\n\nNothing.\n`)).toHaveLength(2);
  expect(() => newestRows('# Results\n')).toThrow('no record');
});

test('bars are as long as their figures, and end within the picture', () => {
  const svg = drawChart([{ name: 'a < b', rate: 0.5, cpu: 2 }]);
  expect(svg).toContain('a &lt; b');
  expect(svg).toContain('<rect class="rate" x="330" y="92" width="115"');
  expect(svg).toContain('<rect class="cpu" x="660" y="92" width="230"');
});
