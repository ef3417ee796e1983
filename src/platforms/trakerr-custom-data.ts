import type { JsonWriter } from '../record/json-value.ts';
import type { Attributes } from '../record/record.ts';

/** Which attribute goes into which of the ten slots. */
export interface TrakerrCustomData {
  /** Attribute key → n, for `stringData.customData1` … `customData10`. */
  readonly stringData?: Readonly<Record<string, number>>;
  /** Attribute key → n, for `doubleData.customData1` … `customData10`; numbers and decimal text only. */
  readonly doubleData?: Readonly<Record<string, number>>;
}

const SLOTS = 10;

/** Text for a string slot; a JSON string is kept as it is, anything else becomes compact JSON in a string. */
function stringSlot(json: JsonWriter, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const text = json.value(value);
  return text === undefined || text.startsWith('"') ? text : json.string(text);
}

function doubleSlot(value: unknown): string | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? String(number) : undefined;
}

function checkedSlots(option: string, slots: unknown): readonly (readonly [key: string, slot: number])[] {
  if (slots === undefined) return [];
  if (typeof slots !== 'object' || slots === null) throw new TypeError(`${option} must map attribute keys to 1–10`);
  const entries = Object.entries(slots) as [string, unknown][];
  const used = new Set<unknown>();
  return entries.map(([key, slot]) => {
    if (typeof slot !== 'number' || !Number.isInteger(slot) || slot < 1 || slot > SLOTS) {
      throw new RangeError(`${option}["${key}"] must be an integer from 1 to ${SLOTS}`);
    }
    if (used.has(slot)) throw new RangeError(`${option}: two keys have slot ${slot}`);
    used.add(slot);
    return [key, slot];
  });
}

/** The slots of one `CustomData` object as the options give them; checked, so that no slot is written twice. */
export class CustomDataSlots {
  readonly #strings: readonly (readonly [string, number])[];
  readonly #doubles: readonly (readonly [string, number])[];
  readonly #kinds = new Map<string, { text: boolean; double: boolean }>();

  /** Throws a `TypeError` or `RangeError` naming `option` for a slot that does not exist or is taken twice. */
  constructor(option: string, data: TrakerrCustomData = {}) {
    this.#strings = checkedSlots(`${option}.stringData`, data.stringData);
    this.#doubles = checkedSlots(`${option}.doubleData`, data.doubleData);
    for (const [key] of this.#strings) this.#kinds.set(key, { text: true, double: false });
    for (const [key] of this.#doubles) this.#kinds.set(key, { text: this.#kinds.has(key), double: true });
  }

  get isEmpty(): boolean {
    return this.#kinds.size === 0;
  }

  /** Whether a string slot is taken by an attribute. */
  hasStringSlot(slot: number): boolean {
    return this.#strings.some(([, taken]) => taken === slot);
  }

  /** Whether an attribute's value finds room in a slot. */
  holds(key: string, value: unknown): boolean {
    const kind = this.#kinds.get(key);
    if (kind === undefined || value === undefined || value === null || value === '') return false;
    return kind.text || (kind.double && doubleSlot(value) !== undefined);
  }

  /**
   * `{"stringData":{…},"doubleData":{…}}` from the record's attributes, else the resource's; empty for nothing.
   * `unmapped` is a further member of `stringData`, written already.
   */
  write(json: JsonWriter, attributes: Attributes, resource: Attributes, unmapped: string): string {
    let strings = '';
    for (const [key, slot] of this.#strings) {
      const text = stringSlot(json, attributes[key] ?? resource[key]);
      if (text !== undefined) strings += `${strings === '' ? '' : ','}"customData${slot}":${text}`;
    }
    let doubles = '';
    for (const [key, slot] of this.#doubles) {
      const text = doubleSlot(attributes[key] ?? resource[key]);
      if (text !== undefined) doubles += `${doubles === '' ? '' : ','}"customData${slot}":${text}`;
    }
    if (unmapped !== '') strings += strings === '' ? unmapped : `,${unmapped}`;
    if (strings === '' && doubles === '') return '';
    if (doubles === '') return `{"stringData":{${strings}}}`;
    return strings === '' ? `{"doubleData":{${doubles}}}` : `{"stringData":{${strings}},"doubleData":{${doubles}}}`;
  }
}

const MARKER_BYTES = 48;

/**
 * A JSON object text in at most `maxBytes` UTF-8 bytes: entries that do not fit are left out whole, from the end, and
 * `"…"` says how many. An entry too large for itself does not take those behind it with it.
 */
export function fitEntries(text: string, maxBytes: number): string {
  // A UTF-16 unit is three bytes at most, so most texts need no counting.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
  let kept = '';
  let bytes = 2 + MARKER_BYTES;
  let left = 0;
  for (const [key, value] of entries) {
    const entry = `${kept === '' ? '' : ','}${JSON.stringify(key)}:${JSON.stringify(value)}`;
    const size = Buffer.byteLength(entry);
    // The same key says that values were left out before; it is written once.
    if (key === '…' || bytes + size > maxBytes) {
      left += 1;
      continue;
    }
    kept += entry;
    bytes += size;
  }
  return `{${kept}${kept === '' ? '' : ','}"…":"${left} ${left === 1 ? 'entry' : 'entries'} left out"}`;
}
