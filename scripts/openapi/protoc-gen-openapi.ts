// A protoc plugin, run by buf generate: the OpenAPI document of every service of the contract.
import { createEcmaScriptPlugin, runNodeJs } from '@bufbuild/protoplugin';
import { openapiDocument } from './document.ts';

const PACKAGE = 'trinogateway.v1';

runNodeJs(
  createEcmaScriptPlugin({
    name: 'protoc-gen-openapi',
    version: '1',
    generateTs({ files, allFiles, generateFile }) {
      for (const file of files.filter(({ proto, services }) => proto.package === PACKAGE && services.length > 0)) {
        const document = openapiDocument(file, allFiles);
        generateFile(`${PACKAGE.replaceAll('.', '/')}/openapi.json`).print(JSON.stringify(document, null, 2));
      }
    },
  }),
);
