import type { JsonObject } from '@bufbuild/protobuf';

/** Whether JSON is an object: neither null, nor a list, nor a single value. */
export function isJsonObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
