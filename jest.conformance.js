import { reportLines } from '@trino-gateway/e2e/conformance';

/** After tests with real clusters: what became of each case of the protocol. */
export default class Conformance {
  #isWhole;

  constructor({ testNamePattern, testPathPatterns }) {
    const isSample = process.env.PAIRS === 'some';
    this.#isWhole = !isSample && !testNamePattern && testPathPatterns.patterns.length === 0;
  }

  onRunComplete(_contexts, { testResults }) {
    const real = testResults.filter(({ testFilePath }) => /\/packages\/e2e\/(real|conformance)\//.test(testFilePath));
    if (real.length === 0) return;
    const tests = real.flatMap(({ testResults: results }) =>
      results.map(({ ancestorTitles, title, status, duration }) => ({
        groups: ancestorTitles,
        title,
        status,
        seconds: (duration ?? 0) / 1_000,
      })),
    );
    process.stdout.write(`${reportLines(tests, this.#isWhole).join('\n')}\n`);
  }
}
