import type { HrTime, SpanContext } from '@opentelemetry/api';
import { nameUuid, undashed, uuidSource } from '../record/ids.ts';
import { epochMillis } from '../record/time.ts';

/**
 * How events of a trace are grouped (`stream_id`) and ordered (`position`); Odysseus's wire contract §4, variants A to D:
 * - `trace`: the trace id, counted per trace in this process;
 * - `trace-instance`: a uuid of trace id and service instance, counted likewise, so positions never repeat;
 * - `span`: a uuid of trace and span id, counted per span;
 * - `trace-elapsed`: the trace id, milliseconds since the first event seen of the trace (or the start of its span).
 *
 * Events without a trace each get a random stream at position 0. The attributes `odysseus.stream_id` and
 * `odysseus.position` win over all of them.
 */
export type OdysseusStream = 'trace' | 'trace-instance' | 'span' | 'trace-elapsed';

/** Positions are 32-bit integers in the Android and C# clients. */
const MAX_POSITION = 2_147_483_647;
/** Traces remembered at once, about 200 bytes each; a trace that has been forgotten starts again at 0. */
const MAX_STREAMS = 8_192;

/** What decides about the place of an event. */
export interface Placement {
  readonly context: SpanContext | undefined;
  readonly time: HrTime;
  /** From the start of the span to the event; undefined when there is no span. */
  readonly offsetMillis: number | undefined;
  readonly instance: string | undefined;
  /** The caller's own stream, 32 hex digits. */
  readonly stream: string | undefined;
  readonly position: number | undefined;
}

export interface Place {
  /** 32 hex digits. */
  readonly stream: string;
  readonly position: number;
}

interface Stream {
  readonly id: string;
  /** Milliseconds since the epoch at which the stream begins. */
  readonly start: number;
  next: number;
}

/** Gives every event its stream and position, once, when it is encoded: retries and splits keep them. */
export class StreamPositions {
  readonly #variant: OdysseusStream;
  readonly #maxStreams: number;
  /** Least recently used first. */
  readonly #streams = new Map<string, Stream>();
  readonly #random = uuidSource();
  readonly #process = this.#random();
  #lastEvent: object | undefined;
  #lastPlace: Place = { stream: '', position: 0 };

  constructor(variant: OdysseusStream = 'trace', maxStreams = MAX_STREAMS) {
    this.#variant = variant;
    this.#maxStreams = maxStreams;
  }

  /** The place of `event`; asked again for the same one in a row (written anew within tighter limits), the same place. */
  place(event: object, placement: Placement): Place {
    if (event !== this.#lastEvent) {
      this.#lastPlace = this.#find(placement);
      this.#lastEvent = event;
    }
    return this.#lastPlace;
  }

  #find(placement: Placement): Place {
    const { context, stream, position } = placement;
    if (stream !== undefined) {
      return { stream, position: position ?? this.#count(this.#use(stream, placement, () => stream)) };
    }
    if (context === undefined) return { stream: undashed(this.#random()), position: position ?? 0 };
    const found = this.#streamOf(context, placement);
    return { stream: found.id, position: position ?? this.#position(found, placement) };
  }

  #streamOf({ traceId, spanId }: SpanContext, placement: Placement): Stream {
    const trace = traceId.toLowerCase();
    switch (this.#variant) {
      case 'span':
        return this.#use(`${trace}${spanId.toLowerCase()}`, placement, nameUuid);
      case 'trace-instance':
        return this.#use(`${trace}${placement.instance ?? this.#process}`, placement, nameUuid);
      default:
        return this.#use(trace, placement, (key) => key);
    }
  }

  #position(stream: Stream, { time }: Placement): number {
    if (this.#variant !== 'trace-elapsed') return this.#count(stream);
    return Math.min(MAX_POSITION, Math.max(0, epochMillis(time) - stream.start));
  }

  #count(stream: Stream): number {
    const position = stream.next;
    if (position < MAX_POSITION) stream.next += 1;
    return position;
  }

  #use(key: string, { time, offsetMillis = 0 }: Placement, id: (key: string) => string): Stream {
    const known = this.#streams.get(key);
    if (known !== undefined) {
      this.#streams.delete(key);
      this.#streams.set(key, known);
      return known;
    }
    const stream: Stream = { id: id(key), start: epochMillis(time) - Math.round(offsetMillis), next: 0 };
    this.#streams.set(key, stream);
    if (this.#streams.size > this.#maxStreams) this.#streams.delete(this.#streams.keys().next().value as string);
    return stream;
  }
}
