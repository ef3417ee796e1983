import type { Attributes, Counter, Histogram, MeterProvider, UpDownCounter } from '@opentelemetry/api';
import { SDK_NAME, SDK_VERSION } from './version.ts';

interface Instruments {
  readonly inflight: UpDownCounter;
  readonly exported: Counter;
  readonly duration: Histogram;
}

/**
 * The exporter metrics of OpenTelemetry's semantic conventions (SDK metrics, development status), names copied because
 * they are unstable: `otel.sdk.exporter.log.inflight`, `otel.sdk.exporter.log.exported` (`{log_record}`) and
 * `otel.sdk.exporter.operation.duration` (`s`). A failing meter never disturbs delivery.
 */
export class ExporterMetrics {
  readonly #provider: MeterProvider;
  readonly #attributes: Attributes;
  #instruments: Instruments | undefined;

  /** `name` of the platform and the `origin` that its records go to, for the attributes. */
  constructor(provider: MeterProvider, name: string, origin: string) {
    const { hostname, port, protocol } = new URL(origin);
    this.#provider = provider;
    this.#attributes = {
      'otel.component.type': `logferry_${name}_exporter`,
      'otel.component.name': `logferry_${name}_exporter/0`,
      'server.address': hostname,
      'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    };
  }

  /** Records handed over. */
  started(count: number): void {
    this.#record(({ inflight }) => inflight.add(count, this.#attributes));
  }

  /** Records that ended: delivered, or lost for the given reason. */
  finished(count: number, errorType?: string): void {
    const attributes = errorType === undefined ? this.#attributes : { ...this.#attributes, 'error.type': errorType };
    this.#record(({ inflight, exported }) => {
      inflight.add(-count, this.#attributes);
      exported.add(count, attributes);
    });
  }

  /** One request, from its beginning to its verdict. */
  operation(seconds: number, status: number | undefined, errorType?: string): void {
    const attributes: Attributes = { ...this.#attributes };
    if (status !== undefined) attributes['http.response.status_code'] = status;
    if (errorType !== undefined) attributes['error.type'] = errorType;
    this.#record(({ duration }) => duration.record(seconds, attributes));
  }

  #record(use: (instruments: Instruments) => void): void {
    try {
      // Instruments are made with the first record: the API has no proxy meters, an early one would stay a no-op.
      this.#instruments ??= this.#create();
      use(this.#instruments);
    } catch {
      // Metrics are a courtesy; the records matter.
    }
  }

  #create(): Instruments {
    const meter = this.#provider.getMeter(SDK_NAME, SDK_VERSION);
    return {
      inflight: meter.createUpDownCounter('otel.sdk.exporter.log.inflight', {
        unit: '{log_record}',
        description: 'Log records passed to the exporter that are neither exported nor lost yet.',
      }),
      exported: meter.createCounter('otel.sdk.exporter.log.exported', {
        unit: '{log_record}',
        description: 'Log records whose export has finished, successfully or (with error.type) not.',
      }),
      duration: meter.createHistogram('otel.sdk.exporter.operation.duration', {
        unit: 's',
        description: 'Duration of one export request.',
      }),
    };
  }
}
