import { batching } from './batching.mjs';

/** Default options of the exporters, but for the address. */
export async function otlpJson(url) {
  const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-http');
  return batching(new OTLPLogExporter({ url: `${url}/v1/logs` }));
}

export async function otlpProtobuf(url) {
  const { OTLPLogExporter } = await import('@opentelemetry/exporter-logs-otlp-proto');
  return batching(new OTLPLogExporter({ url: `${url}/v1/logs` }));
}
