/**
 * Remembers what was made of an object, for as long as the object lives: resources and scopes are few and every
 * record points to one. The last one is found by comparison alone. `settled` says whether the result may be kept.
 */
export function perIdentity<Key extends object, Value>(
  make: (key: Key) => Value,
  settled: (key: Key) => boolean = () => true,
): (key: Key) => Value {
  const known = new WeakMap<Key, { readonly value: Value }>();
  let lastKey: Key | undefined;
  let lastValue: Value | undefined;
  const remember = (key: Key, value: Value): Value => {
    lastKey = key;
    lastValue = value;
    return value;
  };
  return (key) => {
    if (key === lastKey) return lastValue as Value;
    const found = known.get(key);
    if (found !== undefined) return remember(key, found.value);
    const value = make(key);
    if (!settled(key)) return value;
    known.set(key, { value });
    return remember(key, value);
  };
}
