/** Edits (insert, delete, replace) that turn one text into the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replace = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}

/** Longer texts are no misspelt names, and would take their time. */
const LONGEST_NAME = 100;

/** The name that was probably meant, if one is close enough. */
export function didYouMean(name: string, names: readonly string[]): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const edits = distance(name.toUpperCase(), candidate.toUpperCase());
    if (edits < bestDistance) {
      bestDistance = edits;
      best = candidate;
    }
  }
  return best;
}
