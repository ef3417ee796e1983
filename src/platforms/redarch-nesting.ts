import { freeName } from '../record/attribute-picker.ts';
import type { Attributes } from '../record/record.ts';

/** More levels than any semantic convention has; longer names stay as they are. */
const MAX_LEVELS = 8;

type Node = Record<string, unknown>;

function emptyNode(): Node {
  return Object.create(null);
}

function read(attributes: Attributes, key: string): unknown {
  try {
    return attributes[key];
  } catch {
    return '[Unserializable]';
  }
}

/**
 * Dotted attribute names as nested objects: `{'http.route': '/'}` becomes `{http: {route: '/'}}`. Where one name is
 * the beginning of another (`a` and `a.b`), the later one stays dotted, so that no value is lost.
 */
export function nested(attributes: Attributes, skip: (key: string) => boolean): object {
  const root = emptyNode();
  const nodes = new WeakSet<object>([root]);

  const place = (levels: readonly string[], value: unknown): boolean => {
    let node = root;
    for (const level of levels.slice(0, -1)) {
      if (!(level in node)) {
        node[level] = emptyNode();
        nodes.add(node[level] as Node);
      }
      const next = node[level];
      if (typeof next !== 'object' || next === null || !nodes.has(next)) return false;
      node = next as Node;
    }
    const leaf = levels.at(-1) as string;
    if (leaf in node) return false;
    node[leaf] = value;
    return true;
  };

  for (const key of Object.keys(attributes)) {
    if (skip(key)) continue;
    const value = read(attributes, key);
    const levels = key.split('.');
    if (levels.length > MAX_LEVELS || !place(levels, value)) root[freeName(key, root)] = value;
  }
  return root;
}
