import { startSink } from 'logferry/sink';

/** As JSON, long texts (stacks) cut. */
function shown(record) {
  const shorten = (_key, value) =>
    typeof value === 'string' && value.length > 160 ? `${value.slice(0, 160)}…` : value;
  return JSON.stringify(record, shorten, 2);
}

/**
 * Lets an example run with no arguments: when none of the variables is set, a sink is started in this process and the
 * example sends to it; when one is set, the example sends to the real platform.
 *
 * `env` holds the credentials, `sink` is undefined for the real platform, and `report(exporters)` ends the example: it
 * prints what arrived (at most `perPlatform` records of each) and the counts, and makes the process fail when something
 * was not delivered.
 */
export async function sinkUnlessSet(...variables) {
  const real = variables.some((name) => process.env[name]);
  const sink = real ? undefined : await startSink();
  return {
    env: real ? process.env : { ...process.env, ...sink.env() },
    sink,
    async report(exporters, { perPlatform = Number.POSITIVE_INFINITY } = {}) {
      for (const exporter of exporters) {
        const { platform, accepted, delivered, pending, deadLettered } = exporter.stats();
        for (const { channel, record } of (sink?.records(platform) ?? []).slice(0, perPlatform)) {
          console.log(`${platform} stored in ${channel}: ${shown(record)}`);
        }
        const where = real ? 'the real platform' : 'a local sink';
        console.log(
          `${platform}: ${delivered} of ${accepted} delivered to ${where}, ${pending} pending, ${deadLettered} refused`,
        );
        if (delivered !== accepted) process.exitCode = 1;
      }
      await sink?.close();
    },
  };
}
