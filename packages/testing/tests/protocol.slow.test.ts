import { afterAll, beforeAll, jest } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '../src/index.ts';
import { describeProtocol } from '../src/protocol/protocol.ts';

jest.setTimeout(120_000);

let accepting: ScriptedTrino;
let rejecting: ScriptedTrino;

beforeAll(async () => {
  [accepting, rejecting] = await Promise.all([startScriptedTrino(), startScriptedTrino({ processForwarded: false })]);
});
afterAll(async () => {
  await Promise.all([accepting.stop(), rejecting.stop()]);
});

describeProtocol('the scripted Trino', () => ({ url: accepting.url, rejectingUrl: rejecting.url }));

const { TRINO_PROTOCOL_URL: url, TRINO_PROTOCOL_URL_REJECTING: rejectingUrl } = process.env;
if (url !== undefined) describeProtocol(`a real Trino at ${url}`, () => ({ url, rejectingUrl }));
