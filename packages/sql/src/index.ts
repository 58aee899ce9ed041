export { analyseStatement, type StatementFacts } from './statement-facts.ts';
