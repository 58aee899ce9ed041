import { afterAll, beforeAll, describe } from '@jest/globals';
import { isSample } from '../support/sample.ts';
import { describeFraming } from './raw/framing.ts';
import { describeHeaders } from './raw/headers.ts';
import { describePolling } from './raw/links.ts';
import { describeStatements } from './raw/statements.ts';
import { carriers } from './support/carriers.ts';
import { type Stage, startStage } from './support/stage.ts';

// One suite before the two shared clusters, and requests byte by byte: each gets what the cluster itself answers. A sample leaves Node's reader
// alone out: the smuggling table goes by it there, too.
describe.each(isSample ? carriers.slice(0, 1) : carriers)('with %s', (_, router) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage(router);
  }, 600_000);

  afterAll(async () => {
    await stage?.[Symbol.asyncDispose]();
  }, 60_000);

  describeStatements(() => stage);
  describeHeaders(() => stage);
  describeFraming(() => stage);
  describePolling(() => stage); // it starts the router anew at its end
});
