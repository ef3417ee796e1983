// What really happened, from two independent witnesses: the service's own numbering and the sink's store.

/** The numbers of the records a platform stored; Trakerr keeps attributes as JSON within JSON. */
function numbersAt(records) {
  return records.map(({ record }) => Number(/\\?"demo\.record\\?":(\d+)/.exec(JSON.stringify(record))?.[1]));
}

/** Where each platform keeps the error of a record. */
const errorOf = {
  odysseus: (record) => record.context?.exception,
  logtide: (record) => record.metadata.exception,
  redarch: (record) => record.context.exception,
  loggier: (record) => record.exception,
  trakerr: (record) => record.eventStacktrace,
};

/** One row of the table. `duplicated` also counts records that nobody numbered, such as the second word of an error. */
function rowOf({ platform, accepted, delivered, requests, retries, circuit }, end, sink) {
  const records = sink.records(platform);
  const numbers = numbersAt(records);
  const errors = records.filter(({ record }) => errorOf[platform](record) !== undefined).length;
  const unique = new Set(numbers.filter((number) => number >= 1 && number <= end.emitted)).size;
  const { refused, requests: seen } = sink.counts()[platform];
  const lost = end.emitted - unique;
  const duplicated = numbers.length - unique;
  return {
    platform,
    emitted: end.emitted,
    delivered,
    stored: unique,
    lost,
    duplicated,
    refused,
    errors,
    requests,
    seen,
    retries,
    trips: circuit.trips,
    ok:
      lost === 0 &&
      duplicated === 0 &&
      refused === 0 &&
      errors === end.failures &&
      accepted === end.emitted &&
      delivered === end.emitted,
  };
}

export function rowsOf(end, sink) {
  return end.stats.map((stats) => rowOf(stats, end, sink));
}

function withNumber(sink, platform, number) {
  return sink.records(platform).find((record) => numbersAt([record])[0] === number);
}

/** The same order on all five platforms (one that was placed during the outage), an event of its trace, an error. */
export function samplesOf(sink, { from, to }) {
  const entries = sink.records('logtide').map(({ record }) => record);
  const during = ({ time }) => Date.parse(time) >= from && Date.parse(time) <= to;
  const order = entries.find((entry) => /^order \d+ placed$/.test(entry.message) && during(entry));
  const error = entries.find((entry) => entry.metadata.exception !== undefined);
  const number = order?.metadata['demo.record'];
  const event = sink
    .records('odysseus')
    .find(({ channel, record }) => channel === 'events' && record.meta.trace_id === order?.trace_id);
  return {
    order: Object.fromEntries(
      ['odysseus', 'logtide', 'redarch', 'loggier', 'trakerr'].map((platform) => [
        platform,
        withNumber(sink, platform, number)?.record,
      ]),
    ),
    event: event?.record,
    error: error?.metadata.exception,
  };
}
