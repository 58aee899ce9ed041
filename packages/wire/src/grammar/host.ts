import { isIPv6 } from 'node:net';

const LONGEST = 254;
const authority = /^(?:\[([0-9a-f:.]{2,45})\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::([1-9][0-9]{0,4}))?$/i;

/** Whether a Host names a host, and perhaps a port, without doubt (RFC 9112, 3.2): no user, list, space, or port that is none. */
export function isHost(text: string): boolean {
  if (text.length > LONGEST) return false;
  const match = authority.exec(text);
  if (match === null) return false;
  const [, address, port] = match;
  return (address === undefined || isIPv6(address)) && (port === undefined || Number(port) <= 65_535);
}
