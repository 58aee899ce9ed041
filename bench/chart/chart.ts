/** How the suite, one process of each, compares with nginx in a row of a table. */
export type ChartRow = { name: string; rate: number; cpu: number };

const WIDTH = 960;
const [TOP, LINE, BAR] = [92, 44, 14];
const [RATE_AT, CPU_AT, BARS_WIDTH] = [330, 660, 230];

/** What the newest record of bench/RESULTS.md says of the suite beside nginx, in its order. @throws Error when it says nothing */
export function newestRows(results: string): ChartRow[] {
  const records = results.split(/^## (?=\d{4}-)/m).slice(1);
  for (const record of records.toReversed()) {
    const rows = tablesOf(record).flatMap(rowOf);
    if (rows.length > 0) return rows;
  }
  throw new Error('no record compares the suite with nginx');
}

const tablesOf = (record: string): string[][][] =>
  record
    .split(/\n\n+/)
    .filter((block) => block.startsWith('| '))
    .map((block) =>
      block
        .trim()
        .split('\n')
        .map((line) => line.slice(2, -2).split(' | ')),
    );

function rowOf([head = [], , ...lines]: string[][]): ChartRow[] {
  const suite = lines.find(([name]) => name === 'suite') ?? [];
  const [rate, cpu] = ['of nginx', "of nginx's CPU"].map((name) => Number(suite[head.indexOf(name)] ?? Number.NaN));
  if (rate === undefined || cpu === undefined || Number.isNaN(rate) || Number.isNaN(cpu)) return [];
  return [{ name: head[0] ?? '', rate, cpu }];
}

/** An SVG: for each row the rate and the CPU of one answer, as shares of those of nginx. */
export function drawChart(rows: readonly ChartRow[]): string {
  const height = TOP + rows.length * LINE + 12;
  const most = (of: (row: ChartRow) => number) => Math.max(1, ...rows.map(of));
  const scales = { rate: BARS_WIDTH / most(({ rate }) => rate), cpu: BARS_WIDTH / most(({ cpu }) => cpu) };
  const nginxAt = { rate: RATE_AT + scales.rate, cpu: CPU_AT + scales.cpu };
  const bar = (at: number, y: number, value: number, scale: number, kind: string) =>
    `  <rect class="${kind}" x="${at}" y="${y}" width="${px(value * scale)}" height="${BAR}" rx="2"/>\n` +
    `  <text class="value" x="${px(at + value * scale + 6)}" y="${y + 12}">${value}</text>\n`;
  const lines = rows.map(({ name, rate, cpu }, at) => {
    const y = TOP + at * LINE;
    return (
      `  <text class="name" x="20" y="${y + 12}">${escaped(name)}</text>\n` +
      bar(RATE_AT, y, rate, scales.rate, 'rate') +
      bar(CPU_AT, y, cpu, scales.cpu, 'cpu')
    );
  });
  const line = (x: number) =>
    `  <line class="nginx" x1="${px(x)}" y1="${TOP - 12}" x2="${px(x)}" y2="${height - 16}"/>\n` +
    `  <text class="small" x="${px(x)}" y="${TOP - 18}" text-anchor="middle">nginx</text>\n`;
  const label = rows.map(({ name, rate, cpu }) => `${name}: rate ${rate}, CPU ${cpu}`).join('; ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="The suite beside nginx, which is 1. ${escaped(label)}">
  <style>
    .head { font-weight: 600; fill: #0f172a }
    .name { fill: #0f172a }
    .value { fill: #475569 }
    .small { font-size: 11px; fill: #475569 }
    .rate { fill: #0ea5e9 }
    .cpu { fill: #f59e0b }
    .nginx { stroke: #334155; stroke-dasharray: 4 3 }
  </style>
  <rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
  <text class="head" x="20" y="36" font-size="16">The suite beside nginx, which is 1</text>
  <text class="head" x="${RATE_AT}" y="56">rate: more is better</text>
  <text class="head" x="${CPU_AT}" y="56">CPU of one answer: less is better</text>
${line(nginxAt.rate)}${line(nginxAt.cpu)}${lines.join('')}</svg>
`;
}

const px = (value: number) => Math.round(value * 10) / 10;
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
