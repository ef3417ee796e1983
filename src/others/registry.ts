/** Where every `@opentelemetry/api` 1.x keeps what is registered, by name. */
const API = Symbol.for('opentelemetry.js.api.1');

const SLOTS = ['trace', 'context', 'propagation', 'logs', 'metrics', 'diag'] as const;
export type Slot = (typeof SLOTS)[number];
type Registry = Partial<Record<Slot, unknown>>;

/** What is registered with the API, whichever copies of it there are. */
export function registrations(): Readonly<Registry> {
  return ((globalThis as Record<symbol, unknown>)[API] as Registry | undefined) ?? {};
}

/**
 * Lets others register although we have. The API refuses a second registration, with an error and without effect: an
 * application that starts its own SDK would lose its traces because of us. All copies of the API, however they got
 * into the process, register in the same way: they assign the registry to its global, look whether the slot is taken,
 * and fill it. So the look that follows the assignment finds our slots empty; every other finds what is there.
 */
export class RegistryWatch {
  readonly #ours: ReadonlySet<Slot>;
  readonly #onRegistered: (slot: Slot, value: unknown) => unknown;
  readonly #given = new Set<Slot>();
  #registering = false;

  /** `onRegistered` is told what others register from now on, and says what is to stand there. */
  constructor(ours: readonly Slot[], onRegistered: (slot: Slot, value: unknown) => unknown) {
    this.#ours = new Set(ours);
    this.#onRegistered = onRegistered;
  }

  start(): void {
    const global = globalThis as Record<symbol, unknown>;
    let registry = global[API] as Registry | undefined;
    if (registry === undefined) return;
    for (const slot of SLOTS) this.#watch(registry, slot);
    Object.defineProperty(global, API, {
      configurable: true,
      enumerable: true,
      get: () => registry,
      set: (value: Registry) => {
        registry = value;
        this.#registering = true;
      },
    });
  }

  #watch(registry: Registry, slot: Slot): void {
    let value = registry[slot];
    Object.defineProperty(registry, slot, {
      configurable: true,
      enumerable: true,
      get: () => {
        if (!this.#registering) return value;
        this.#registering = false;
        return this.#ours.has(slot) && !this.#given.has(slot) ? undefined : value;
      },
      set: (next: unknown) => {
        this.#registering = false;
        this.#given.add(slot);
        value = this.#onRegistered(slot, next);
      },
    });
  }
}
