import { Pool } from 'undici';
import { LOGTIDE_KEY } from '../logferry.mjs';
import { batching } from './batching.mjs';
import { LimitEncoder } from './limit-encoder.mjs';

const IN_FLIGHT = 4;
const SLAB_BYTES = 1_048_576;
const OPEN = Buffer.from('{"logs":[');
const CLOSE = Buffer.from(']}');

/**
 * The least that delivery through Node can cost: a batch is written into one of four reused buffers at once, the
 * callback comes before the answer, the buffer is free again after it. No retry, no limits, no queue: with four
 * requests in flight the next batch waits in the batch processor.
 */
class LimitExporter {
  #pool;
  #encoder = new LimitEncoder();
  #free = Array.from({ length: IN_FLIGHT }, () => Buffer.allocUnsafeSlow(SLAB_BYTES));
  #turn = Promise.resolve();
  #freed;
  #idle;
  #stored = 0;
  #accepted = 0;

  constructor(url) {
    this.#pool = new Pool(url, { connections: IN_FLIGHT, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  }

  get pending() {
    return this.#accepted - this.#stored;
  }

  export(records, callback) {
    if (this.#free.length > 0) {
      this.#send(records);
      callback({ code: 0 });
      return;
    }
    this.#turn = this.#turn.then(async () => {
      while (this.#free.length === 0) {
        await new Promise((resolve) => {
          this.#freed = resolve;
        });
      }
      this.#send(records);
      callback({ code: 0 });
    });
  }

  async forceFlush() {
    if (this.pending === 0) return;
    await new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  async shutdown() {
    await this.#pool.destroy();
  }

  #send(records) {
    const slab = this.#free.pop();
    const body = this.#frame(records, slab);
    this.#accepted += records.length;
    const done = () => {
      this.#stored += records.length;
      this.#free.push(slab);
      this.#freed?.();
      if (this.pending === 0) this.#idle?.();
    };
    this.#pool.dispatch(
      {
        method: 'POST',
        path: '/api/v1/ingest',
        headers: { 'content-type': 'application/json', 'x-api-key': LOGTIDE_KEY },
        body,
      },
      { onRequestStart() {}, onResponseStart() {}, onResponseData() {}, onResponseEnd: done, onResponseError: done },
    );
  }

  #frame(records, slab) {
    let offset = OPEN.copy(slab);
    for (let index = 0; index < records.length; index++) {
      if (index > 0) slab[offset++] = 0x2c;
      offset += slab.utf8Write(this.#encoder.encode(records[index]), offset);
    }
    offset += CLOSE.copy(slab, offset);
    return slab.subarray(0, offset);
  }
}

export async function practicalLimit(url) {
  return batching(new LimitExporter(url));
}
