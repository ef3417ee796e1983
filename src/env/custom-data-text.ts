import type { TrakerrCustomData } from '../platforms/trakerr.ts';

const PART = /^(.+)=(d?)(\d{1,2})$/s;
const SLOTS = 10;

/**
 * Reads `order.id=1,order.total=d1`: attributes in Trakerr's slots for texts, and with `d` for numbers. Undefined when
 * a part cannot be read, or a slot or attribute is used twice.
 */
export function parseCustomData(text: string): TrakerrCustomData | undefined {
  const slots = { stringData: new Map<string, number>(), doubleData: new Map<string, number>() };
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const [, key = '', numeric, digits] = PART.exec(part.trim()) ?? [];
    const slot = Number(digits);
    const map = numeric === 'd' ? slots.doubleData : slots.stringData;
    if (key.trim() === '' || !(slot >= 1 && slot <= SLOTS)) return undefined;
    if (map.has(key.trim()) || [...map.values()].includes(slot)) return undefined;
    map.set(key.trim(), slot);
  }
  return { stringData: Object.fromEntries(slots.stringData), doubleData: Object.fromEntries(slots.doubleData) };
}
