/** What arrived: for every application how often each of its numbers was delivered intact. */
export class Book {
  #apps = new Map();
  #wrong = 0;
  #unknown = 0;

  /** Enters one record; `read` is undefined when it has no id. */
  enter(read) {
    if (read === undefined) this.#unknown += 1;
    else if (!read.intact) this.#wrong += 1;
    else {
      const deliveries = this.#deliveries(read.app);
      deliveries[read.n] = (deliveries[read.n] ?? 0) + 1;
    }
  }

  /** Totals; an application whose name does not begin with `prefix` is foreign, as is a record without an id. */
  totals(prefix = '') {
    const apps = {};
    let [ids, deliveries, foreign] = [0, 0, this.#unknown];
    for (const [app, counts] of this.#apps) {
      const seen = counts.filter((count) => count > 0);
      const sum = seen.reduce((total, count) => total + count, 0);
      if (!app.startsWith(prefix)) {
        foreign += sum;
        continue;
      }
      apps[app] = seen.length;
      ids += seen.length;
      deliveries += sum;
    }
    return { ids, deliveries, duplicates: deliveries - ids, wrong: this.#wrong, foreign, apps };
  }

  /** Which of the numbers 0 … count - 1 of an application are missing (the first `limit` of them by number). */
  check({ prefix: app, count, limit = 1_000 }) {
    const counts = this.#apps.get(app) ?? [];
    const missing = [];
    let [missingCount, duplicates] = [0, 0];
    for (let n = 0; n < Math.max(count, counts.length); n += 1) {
      const times = counts[n] ?? 0;
      duplicates += Math.max(0, times - 1);
      if (times > 0 || n >= count) continue;
      missingCount += 1;
      if (missing.length < limit) missing.push(n);
    }
    return { prefix: app, missingCount, missing, duplicates };
  }

  #deliveries(app) {
    let deliveries = this.#apps.get(app);
    if (deliveries === undefined) {
      deliveries = [];
      this.#apps.set(app, deliveries);
    }
    return deliveries;
  }
}
