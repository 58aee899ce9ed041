export { type FileRun, fileLines } from './file-lines.ts';
export { fullNumbers } from './full-numbers.ts';
export { readJestReport } from './jest-report.ts';
export { reportLines } from './report.ts';
