import { type DescEnum, type DescField, type DescMessage, fromJson, type JsonValue } from '@bufbuild/protobuf';
import type { UniversalHandler, UniversalServerRequest, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { isSecretField } from '@trino-gateway/api/sealed-secret';
import type { Problem } from '@trino-gateway/api/validation';
import { isJsonObject } from '../../http/is-json-object.ts';

const MOST_KEPT_BYTES = 1_000_000;
const SHOWN_PROBLEMS = 20;

/** The fields by which a JSON value is not such a message, by their paths, with what was expected. */
export function jsonProblems(schema: DescMessage, json: JsonValue, path = ''): Problem[] {
  if (schema.typeName.startsWith('google.protobuf.')) return decodingProblem(schema, json, path);
  if (!isJsonObject(json)) return [{ field: path || 'body', message: 'expected an object' }];
  return Object.entries(json).flatMap(([name, value]) => {
    const field = schema.fields.find((one) => one.name === name || one.jsonName === name);
    const at = path ? `${path}.${field?.name ?? name}` : (field?.name ?? name);
    if (!field) return [{ field: at, message: 'unknown field' }];
    return value === null ? [] : fieldProblems(schema, field, value, at);
  });
}

/** A handler that names the fields of a JSON body that cannot be decoded. */
export function withJsonProblems(handler: UniversalHandler): UniversalHandler {
  const named = async (request: UniversalServerRequest): Promise<UniversalServerResponse> => {
    if (request.method !== 'GET' && !isPlainJson(request.header)) return handler(request);
    const kept: Uint8Array[] = [];
    const body = keeping(request.body, kept);
    const response = await handler({ ...request, body });
    if (response.status !== 400 || !isPlainJson(response.header)) return response;
    const answered = await textOf(response.body);
    const problems = answered.includes('cannot decode') ? problemsOf(handler.method.input, request, kept) : [];
    const text =
      problems.length > 0
        ? JSON.stringify({ code: 'invalid_argument', message: listed(problems).toWellFormed() })
        : answered;
    const bytes = new TextEncoder().encode(text);
    response.header?.set('content-length', String(bytes.length));
    return { ...response, body: once(bytes) };
  };
  return Object.assign(named, { ...handler });
}

function fieldProblems(schema: DescMessage, field: DescField, value: JsonValue, path: string): Problem[] {
  if (field.fieldKind === 'message') return jsonProblems(field.message, value, path);
  if (field.fieldKind === 'enum') return enumProblems(field.enum, value, path);
  if (field.fieldKind === 'list' && field.listKind === 'message' && Array.isArray(value)) {
    const { message } = field;
    return value.flatMap((item, index) => jsonProblems(message, item, `${path}[${index}]`));
  }
  // The decoder's message would repeat the value.
  if (isSecretField(field.name)) return typeof value === 'string' ? [] : [{ field: path, message: 'expected text' }];
  return decodingProblem(schema, { [field.name]: value }, path);
}

function enumProblems(desc: DescEnum, value: JsonValue, path: string): Problem[] {
  const names = desc.values.filter(({ number }) => number !== 0).map(({ name }) => name);
  const known = typeof value === 'number' ? Number.isInteger(value) : desc.values.some(({ name }) => name === value);
  return known
    ? []
    : [{ field: path, message: `expected one of ${names.join(', ')}, got ${JSON.stringify(value)?.slice(0, 80)}` }];
}

/** The decoder's message, without the part that names its own types. */
function decodingProblem(schema: DescMessage, json: JsonValue, path: string): Problem[] {
  try {
    fromJson(schema, json, { ignoreUnknownFields: false });
    return [];
  } catch (error) {
    const message = (error as Error).message.replace(/^cannot decode .*? from JSON:? ?/, '');
    return [{ field: path, message: message.slice(0, 300) || 'expected a value of its type' }];
  }
}

function problemsOf(schema: DescMessage, request: UniversalServerRequest, kept: readonly Uint8Array[]): Problem[] {
  try {
    return jsonProblems(schema, JSON.parse(request.method === 'GET' ? queryMessage(request.url) : decoded(kept)));
  } catch {
    return []; // not JSON at all: the answer says so
  }
}

function queryMessage(url: string): string {
  const parameters = new URL(url).searchParams;
  const message = parameters.get('message') ?? '';
  return parameters.get('base64') === '1' ? Buffer.from(message, 'base64url').toString('utf8') : message;
}

function keeping(body: UniversalServerRequest['body'], kept: Uint8Array[]): UniversalServerRequest['body'] {
  if (typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body)) return body;
  return (async function* () {
    let size = 0;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size <= MOST_KEPT_BYTES) kept.push(chunk);
      yield chunk;
    }
  })();
}

async function textOf(body: UniversalServerResponse['body']): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return decoded(chunks);
}

function decoded(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString('utf8');
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function isPlainJson(header: Headers | undefined): boolean {
  return !!header?.get('content-type')?.startsWith('application/json') && !header.has('content-encoding');
}

function listed(problems: readonly Problem[]): string {
  return problems
    .slice(0, SHOWN_PROBLEMS)
    .map(({ field, message }) => `${field}: ${message}`)
    .join('; ');
}
