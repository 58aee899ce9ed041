import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv2020 } from 'ajv/dist/2020.js';

type Operation = { responses: Record<string, { $ref?: string; content?: unknown }>; 'x-authorization': string };

/** The part of the committed document that tests read. */
export const DOCUMENT: {
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: object;
    responses: Record<string, { content?: { 'application/json': { example: unknown } } }>;
  };
} = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('@trino-gateway/api/openapi.json'), 'utf8'));

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).addSchema(DOCUMENT, 'openapi');

/** Why an answer is not one the document allows for this operation; empty when it is. */
export function deviation(path: string, verb: string, status: number, body: unknown): string {
  const operation = DOCUMENT.paths[path]?.[verb.toLowerCase()];
  const response = operation?.responses[status];
  if (!response) return `${verb} ${path}: no answer ${status} is described`;
  const at = response.$ref?.slice(1) ?? `/paths/${pointer(path)}/${verb.toLowerCase()}/responses/${status}`;
  const described = response.$ref ? (resolved(response.$ref) as typeof response) : response;
  if (!described.content) return '';
  const validate = ajv.compile({ $ref: `openapi#${at}/content/${pointer('application/json')}/schema` });
  return validate(body) ? '' : `${verb} ${path} ${status}: ${ajv.errorsText(validate.errors)}`;
}

/** The error each refusal shows as its example, by the name of the refusal. */
export function errorExamples(): Record<string, unknown> {
  const { responses } = DOCUMENT.components;
  return Object.fromEntries(
    Object.entries(responses).flatMap(([name, { content }]) =>
      content ? [[name, content['application/json'].example]] : [],
    ),
  );
}

/** The names of the schemas that are no valid JSON schemas. */
export function brokenSchemas(): string[] {
  return Object.keys(DOCUMENT.components.schemas).filter((name) => {
    try {
      ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
      return false;
    } catch {
      return true;
    }
  });
}

function resolved(ref: string): unknown {
  return ref
    .slice(2)
    .split('/')
    .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], DOCUMENT);
}

function pointer(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}
