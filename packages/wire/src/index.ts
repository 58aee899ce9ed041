export { BodyFault, ChunkedReader } from './bodies/chunked.ts';
export type { HeaderBlock } from './heads/header-block.ts';
export { type RequestHead, RequestHeads } from './heads/request-head.ts';
export { type ResponseBody, type ResponseHead, ResponseHeads } from './heads/response-head.ts';
export { WireAnswer } from './server/answer.ts';
export { WireRequest } from './server/request.ts';
export { WireServer, type WireServerOptions } from './server/server.ts';
