/** Where a value stands in a payload: names and indexes from the outside in; `JSON` enters a text that holds JSON. */
export type Path = readonly (string | number)[];

/** Marks the way into a text that holds JSON, as in Trakerr's last slot. */
const INTO_JSON = '(JSON)';

type Leaf = string | number | boolean | null;

/** Every simple value of a payload by its path as text. */
export type Leaves = ReadonlyMap<string, { readonly path: Path; readonly value: Leaf }>;

function parsedJson(text: string): unknown {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** All simple values of a payload; an empty object or list counts as one, so that it is seen to come and go. */
export function leavesOf(payload: unknown): Leaves {
  const leaves = new Map<string, { path: Path; value: Leaf }>();
  const visit = (path: Path, value: unknown): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value))
        visit([...path, Array.isArray(value) ? Number(key) : key], member);
      return;
    }
    const inner = typeof value === 'string' ? parsedJson(value) : undefined;
    if (inner === undefined) leaves.set(JSON.stringify(path), { path, value: value as Leaf });
    else visit([...path, INTO_JSON], inner);
  };
  visit([], payload);
  return leaves;
}

/** Paths of `before` whose value is another one in `after`, or that are not there. */
export function changedPaths(before: Leaves, after: Leaves): readonly string[] {
  return [...before].flatMap(([key, { value }]) => {
    const other = after.get(key);
    return other === undefined || other.value !== value ? [key] : [];
  });
}

/** A path as one would write it in code: `metadata["tenant.id"]`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (step === INTO_JSON) return `${text} ${INTO_JSON} `;
    if (!/^[\w$-]+$/.test(step)) return `${text.trimEnd()}[${JSON.stringify(step)}]`;
    return text === '' || text.endsWith(' ') ? `${text}${step}` : `${text}.${step}`;
  }, '');
}
