import type { SinkCredentials } from './types.ts';

/**
 * The sink's own keys: fixed so that examples can be copied, shaped like the platforms' real ones so that shape checks
 * on the way stay honest, and accepted by nothing but a sink.
 */
export const defaultCredentials: SinkCredentials = {
  odysseusAppId: 'app_10ca110ca110ca110ca110ca110ca110',
  odysseusAppKey: 'local-odysseus-app-key-1',
  logtideApiKey: `lp_${'10ca1'.repeat(12)}10ca`,
  logtideWriteKey: `lp_${'10ca2'.repeat(12)}10ca`,
  redarchApiKey: 'local-redarch-key-for-the-logferry-sink',
  loggierApiKey: 'lgk_local_10ca110ca110ca1',
  trakerrApiKey: 'tk_local_10ca110ca110ca1',
};

/**
 * Environment variables that point a client at a sink.
 * `url` has no trailing slash. Names and what each platform appends to its base: the HTTP sections of the platforms' wire contracts.
 */
export function sinkEnv(url: string, credentials: SinkCredentials): Record<string, string> {
  return {
    ODYSSEUS_APP_ID: credentials.odysseusAppId,
    ODYSSEUS_APP_KEY: credentials.odysseusAppKey,
    ODYSSEUS_URL: url,
    LOGTIDE_API_URL: url,
    LOGTIDE_API_KEY: credentials.logtideApiKey,
    RARCH_LOGGING_URL: `${url}/log`,
    RARCH_LOGGING_API_KEY: credentials.redarchApiKey,
    LOGGIER_API_URL: url,
    LOGGIER_API_KEY: credentials.loggierApiKey,
    TRAKERR_API_URL: `${url}/api/v1`,
    TRAKERR_API_KEY: credentials.trakerrApiKey,
  };
}
