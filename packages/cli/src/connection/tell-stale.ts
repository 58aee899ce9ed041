import type { DescMethodUnary, Message } from '@bufbuild/protobuf';
import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import type { Transport } from '@connectrpc/connect';

type Answer = {
  asOf?: Timestamp;
  backends?: readonly { id?: string; condition?: { notice: string } }[];
};

/** The same calls; tells once of each reason why an answer is not of now. */
export function tellStale(transport: Transport, tell: (line: string) => void): Transport {
  const told = new Set<string>();
  const tellOnce = (line: string) => {
    if (!told.has(line)) tell(line);
    told.add(line);
  };
  return {
    ...transport,
    unary: async (method: DescMethodUnary, ...rest: never[]) => {
      const answer = await (transport.unary as (...call: unknown[]) => ReturnType<Transport['unary']>)(method, ...rest);
      for (const line of staleness(answer.message)) tellOnce(line);
      return answer;
    },
  } as Transport;
}

/** Why an answer is not of now; empty when it is. */
export function staleness(message: Message): string[] {
  const { asOf, backends } = message as Message & Answer;
  const silent = (backends ?? []).filter((one) => one.condition?.notice);
  const [first] = silent;
  return [
    ...(asOf === undefined
      ? []
      : [`the database of the gatewayserver does not answer: this is as of ${timestampDate(asOf).toISOString()}`]),
    ...(first === undefined
      ? []
      : [`the monitor is silent about ${silent.length} of them; of ${first.id}: ${first.condition?.notice}`]),
  ];
}
