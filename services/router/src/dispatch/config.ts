import type { RouterConfig } from '@trino-gateway/config';

/** The settings of the data path; times are milliseconds. */
export type DataPathConfig = Pick<
  RouterConfig,
  | 'explain_headers'
  | 'submit_time_limit'
  | 'attempt_time_limit'
  | 'poll_time_limit'
  | 'max_statement_bytes'
  | 'history_text_while_waiting'
  | 'auth_provider_url'
  | 'auth_provider_key'
  | 'auth_provider_time_limit'
  | 'auth_cache_time'
  | 'auth_forward_credentials'
  | 'ui'
>;
