import { type BeforeSend, SendHook } from './before-send.ts';
import type { Clock } from './clock.ts';
import type { EmittedRecord } from './record/record.ts';
import { Volume } from './volume/volume.ts';
import type { VolumeSettings } from './volume/volume-options.ts';

/** What stands between a record that a destination would take and its encoding. */
export interface IntakeOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly volume: VolumeSettings | undefined;
  readonly beforeSend: BeforeSend | undefined;
}

/** Volume control, then the application's `beforeSend`: what it is given is what would be sent. */
export class Intake {
  readonly #volume: Volume | undefined;
  readonly #hook: SendHook | undefined;

  /** `send` takes the records that volume control makes itself. */
  constructor({ name, clock, volume, beforeSend }: IntakeOptions, send: (record: EmittedRecord) => void) {
    this.#hook = beforeSend && new SendHook(beforeSend, name, clock);
    this.#volume =
      volume &&
      new Volume(volume, clock, (record) => {
        const changed = this.#hooked(record);
        if (changed !== undefined) send(changed);
      });
  }

  /** Whether records below the destination's level are wanted, by `below()`. */
  get wantsAll(): boolean {
    return this.#volume?.wantsAll === true;
  }

  /** The record to encode, or undefined when it is left out; that is counted. Never throws. */
  pass(record: EmittedRecord): EmittedRecord | undefined {
    const passed = this.#volume === undefined ? record : this.#volume.pass(record);
    return passed && this.#hooked(passed);
  }

  /** A record that is not sent because of its level: it may explain the error that follows. */
  below(record: EmittedRecord): void {
    this.#volume?.note(record);
  }

  /** Sends what is held for a summary. */
  flush(): void {
    this.#volume?.flush();
  }

  get leftOut(): Readonly<Record<'sampled' | 'repeated' | 'burst' | 'hook', number>> {
    const counts = this.#volume?.leftOut ?? { sampled: 0, repeated: 0, burst: 0 };
    return { ...counts, hook: this.#hook?.dropped ?? 0 };
  }

  #hooked(record: EmittedRecord): EmittedRecord | undefined {
    return this.#hook === undefined ? record : this.#hook.apply(record);
  }
}
