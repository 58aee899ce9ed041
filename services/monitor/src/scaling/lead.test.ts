import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from '@jest/globals';
import { GroupScalingSchema, LeadScalingResponseSchema, RecordScalingResponseSchema } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { createLead, type LeadCalls } from './lead.ts';

const never = new AbortController().signal;
const group = create(GroupScalingSchema, { groupId: 'g' });

function testLead(answers: { leads: boolean; fence?: bigint }[], record?: () => Promise<never>) {
  let now = 1_000;
  const asked: unknown[] = [];
  const lines: string[] = [];
  const calls = {
    leadScaling: async ({ fence, resign }) => {
      asked.push({ fence, ...(resign && { resign }) });
      now += 300;
      return create(LeadScalingResponseSchema, { leaseMs: 10_000, ...(answers.shift() ?? { leads: false }) });
    },
    recordScaling: async ({ fence }) => {
      asked.push({ recorded: fence });
      return record ? record() : create(RecordScalingResponseSchema);
    },
  } as LeadCalls;
  const lead = createLead('m1', calls, { ...silentLogger, info: (line) => void lines.push(line) }, () => now);
  return {
    lead,
    asked,
    lines,
    after: (ms: number) => {
      now += ms;
    },
  };
}

test('the lease counts from before it was asked for, and is prolonged under the same fence', async () => {
  const { lead, asked, after, lines } = testLead([
    { leads: true, fence: 7n },
    { leads: true, fence: 7n },
  ]);
  expect(lead.holds()).toBe(false);
  await lead.take(never);
  after(9_699);
  expect(lead.holds()).toBe(true);
  after(1);
  expect(lead.holds()).toBe(false);
  await lead.take(never);
  expect(lead.holds()).toBe(true);
  expect(asked).toEqual([{ fence: 0n }, { fence: 7n }]);
  expect(lines).toEqual(['this monitor leads autoscaling']);
});

test('a fence that was lost between decision and action: nothing is stored, and it leads no more', async () => {
  const refused = () => Promise.reject(new ConnectError('another monitor leads', Code.FailedPrecondition));
  const { lead, lines } = testLead([{ leads: true, fence: 7n }], refused);
  await lead.take(never);
  expect(await lead.record(group, [], never)).toBe(false);
  expect(lead.holds()).toBe(false);
  expect(lines).toEqual(['this monitor leads autoscaling', 'another monitor leads autoscaling']);
});

test('a gatewayserver that fails is no other leader', async () => {
  const away = () => Promise.reject(new ConnectError('away', Code.Unavailable));
  const { lead } = testLead([{ leads: true, fence: 7n }], away);
  await lead.take(never);
  await expect(lead.record(group, [], never)).rejects.toThrow('away');
  expect(lead.holds()).toBe(true);
});

test('who leads gives the lead up when it stops, and who does not says nothing', async () => {
  const { lead, asked } = testLead([{ leads: true, fence: 7n }]);
  await lead.resign();
  await lead.take(never);
  await lead.resign();
  expect(lead.holds()).toBe(false);
  await lead.resign();
  expect(asked).toEqual([{ fence: 0n }, { fence: 7n, resign: true }]);
});
