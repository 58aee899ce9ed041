import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Gateway } from '../connection/gateway.ts';
import type { Printable } from '../output/print.ts';

/** A kind of object that is configured: how it is printed, and the calls that read and change it. */
export type Kind<Desc extends DescMessage = DescMessage> = Printable<Desc> & {
  readonly name: string;
  /** Fields that only answers have. */
  readonly outputOnly: readonly string[];
  get(gateway: Gateway, id: string): Promise<MessageShape<Desc>>;
  /** All of them, in the order of their ids. */
  list(gateway: Gateway): Promise<MessageShape<Desc>[]>;
  put(gateway: Gateway, object: MessageShape<Desc>): Promise<MessageShape<Desc>>;
  /** @param moveQueuedToGroupId the group that takes over the queries waiting in a deleted one */
  delete(gateway: Gateway, id: string, moveQueuedToGroupId?: string): Promise<unknown>;
  enable(gateway: Gateway, id: string): Promise<unknown>;
  disable(gateway: Gateway, id: string): Promise<unknown>;
};

/** How a table shows a flag. */
export function yesNo(value: boolean | undefined): string {
  return value ? 'yes' : 'no';
}
