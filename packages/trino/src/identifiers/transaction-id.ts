const shape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text is a transaction id as Trino draws them: a UUID in lower case. */
export function isTransactionId(text: string): boolean {
  return shape.test(text);
}
