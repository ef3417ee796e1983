type Next = (first: string, context?: object) => unknown;
type Hook = (first: string, context: object, next: Next) => unknown;

/** Module hooks of Node, in either form: what they answer may be a promise. */
export interface Hooks {
  readonly resolve: Hook;
  readonly load: Hook;
}

interface Resolved {
  readonly url: string;
}

const MARKED = /[?&]iitm=/;

function after<T>(value: unknown, then: (value: T) => unknown): unknown {
  return value instanceof Promise ? value.then(then) : then(value as T);
}

function unmarked(resolved: Resolved): Resolved {
  if (!MARKED.test(resolved.url)) return resolved;
  const url = new URL(resolved.url);
  url.searchParams.delete('iitm');
  return { ...resolved, url: url.href };
}

/**
 * The hooks of one copy of import-in-the-middle beside those of other copies. All mark the modules they want to wrap
 * in the same way, and each takes whatever is marked for its own: these take what they have marked themselves, and
 * leave the rest to the others.
 */
export function claiming(hooks: Hooks): Hooks {
  const claimed = new Set<string>();
  return {
    resolve: (specifier, context, next) => {
      let others: Resolved | undefined;
      const inner: Next = (...args) =>
        after<Resolved>(next(...args), (resolved) => {
          others = resolved;
          return unmarked(resolved);
        });
      return after<Resolved>(hooks.resolve(specifier, context, inner), (resolved) => {
        if (!MARKED.test(resolved.url)) return others ?? resolved;
        claimed.add(resolved.url);
        return resolved;
      });
    },
    load: (url, context, next) =>
      MARKED.test(url) && !claimed.has(url) ? next(url, context) : hooks.load(url, context, next),
  };
}
