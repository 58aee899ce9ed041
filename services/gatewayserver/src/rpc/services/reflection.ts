import {
  create,
  type DescFile,
  type DescMessage,
  type DescService,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, type ServiceImpl } from '@connectrpc/connect';
import {
  type ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from '@trino-gateway/api/reflection';
import {
  ServerReflectionRequestSchema as RequestV1AlphaSchema,
  ServerReflectionResponseSchema as ResponseV1AlphaSchema,
  type ServerReflection as ServerReflectionV1Alpha,
} from '@trino-gateway/api/reflection-v1alpha';

type Asked = ServerReflectionRequest['messageRequest'];
type Answered = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>;

/** Server reflection of the given services, in both versions that clients use: they are the same on the wire. */
export function reflectionServices(services: readonly DescService[]): {
  v1: ServiceImpl<typeof ServerReflection>;
  v1alpha: ServiceImpl<typeof ServerReflectionV1Alpha>;
} {
  const answerTo = answers(services);
  const answer = (originalRequest: ServerReflectionRequest): ServerReflectionResponse =>
    create(ServerReflectionResponseSchema, {
      validHost: originalRequest.host,
      originalRequest,
      messageResponse: answerTo(originalRequest.messageRequest),
    });
  return {
    v1: {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) yield answer(request);
      },
    },
    v1alpha: {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          const asked = fromBinary(ServerReflectionRequestSchema, toBinary(RequestV1AlphaSchema, request));
          yield fromBinary(ResponseV1AlphaSchema, toBinary(ServerReflectionResponseSchema, answer(asked)));
        }
      },
    },
  };
}

function answers(services: readonly DescService[]): (asked: Asked) => Answered {
  const files = new Map<string, DescFile>();
  const collect = (file: DescFile) => {
    files.set(file.proto.name, file);
    for (const dependency of file.dependencies) collect(dependency);
  };
  for (const service of services) collect(service.file);
  const symbols = new Map([...files.values()].flatMap((file) => symbolsOf(file).map((name) => [name, file] as const)));
  const extensions = [...files.values()].flatMap((file) => file.extensions);

  return (asked) => {
    switch (asked.case) {
      case 'listServices': {
        const service = services.map(({ typeName }) => ({ name: typeName }));
        return { case: 'listServicesResponse', value: { service } };
      }
      case 'fileByFilename':
        return fileAnswer(files.get(asked.value), `file "${asked.value}"`);
      case 'fileContainingSymbol':
        return fileAnswer(symbols.get(asked.value.replace(/^\./, '')), `symbol "${asked.value}"`);
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = asked.value;
        const extension = extensions.find(
          ({ extendee, number }) => extendee.typeName === containingType && number === extensionNumber,
        );
        return fileAnswer(extension?.file, `extension ${extensionNumber} of "${containingType}"`);
      }
      case 'allExtensionNumbersOfType': {
        if (!symbols.has(asked.value)) return notFound(`type "${asked.value}"`);
        const extensionNumber = extensions
          .filter(({ extendee }) => extendee.typeName === asked.value)
          .map(({ number }) => number);
        return { case: 'allExtensionNumbersResponse', value: { baseTypeName: asked.value, extensionNumber } };
      }
      case undefined:
        return error(Code.InvalidArgument, 'expected a request');
    }
  };
}

/** A file and everything it imports, so that a client need not ask again. */
function fileAnswer(file: DescFile | undefined, what: string): Answered {
  if (!file) return notFound(what);
  const all = new Set<DescFile>();
  const collect = (one: DescFile) => {
    all.add(one);
    one.dependencies.forEach(collect);
  };
  collect(file);
  const fileDescriptorProto = [...all].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

function symbolsOf(file: DescFile): string[] {
  const ofMessage = (message: DescMessage): string[] => [
    message.typeName,
    ...message.fields.map(({ name }) => `${message.typeName}.${name}`),
    ...message.nestedEnums.map(({ typeName }) => typeName),
    ...message.nestedExtensions.map(({ typeName }) => typeName),
    ...message.nestedMessages.flatMap(ofMessage),
  ];
  return [
    ...file.messages.flatMap(ofMessage),
    ...file.enums.map(({ typeName }) => typeName),
    ...file.extensions.map(({ typeName }) => typeName),
    ...file.services.flatMap(({ typeName, methods }) => [
      typeName,
      ...methods.map(({ name }) => `${typeName}.${name}`),
    ]),
  ];
}

function notFound(what: string): Answered {
  return error(Code.NotFound, `there is no ${what} here`);
}

function error(errorCode: Code, errorMessage: string): Answered {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
