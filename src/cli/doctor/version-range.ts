type Parts = readonly [major: number, minor: number, patch: number];

const VERSION = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/;

/** Major, minor and patch of a version; what stands behind them (`-rc.1`) is left aside. */
export function partsOf(version: string): Parts | undefined {
  const match = VERSION.exec(version.trim());
  return match === null ? undefined : [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)];
}

/** Negative when the first is the older one. */
export function compareVersions(a: Parts, b: Parts): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** The first version that `^` excludes. */
function caretEnd([major, minor, patch]: Parts): Parts {
  if (major > 0) return [major + 1, 0, 0];
  return minor > 0 ? [0, minor + 1, 0] : [0, 0, patch + 1];
}

function meets(version: Parts, comparator: string): boolean {
  const [, operator = '', text = ''] = /^(>=|<=|>|<|=|\^|~)?\s*(.+)$/.exec(comparator) ?? [];
  const bound = partsOf(text);
  if (bound === undefined) return text === '*';
  const order = compareVersions(version, bound);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '^':
      return order >= 0 && compareVersions(version, caretEnd(bound)) < 0;
    case '~':
      return order >= 0 && compareVersions(version, [bound[0], bound[1] + 1, 0]) < 0;
    default:
      return order === 0;
  }
}

/** Whether a version lies in a range as package.json writes it: `^1.9.0`, `>=0.220.0 <0.300.0 || ^3.0.0`. */
export function isInRange(version: string, range: string): boolean {
  const parts = partsOf(version);
  if (parts === undefined) return false;
  return range.split('||').some((set) => {
    return set
      .trim()
      .split(/\s+/)
      .every((comparator) => meets(parts, comparator));
  });
}
