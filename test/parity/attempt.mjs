/** The part of what was seen that tells most. */
function excerptOf(seen) {
  if (seen === undefined) return '–';
  const { odysseus = [], odysseusEvents = [], logtide = [], redarch = [], loggier = [], trakerr = [], ...rest } = seen;
  const all = { odysseus, odysseusEvents, logtide, redarch, loggier, trakerr };
  return (entry) => {
    const own = all[entry.seed.toLowerCase()] ?? [];
    const record = own.at(-1) ?? odysseusEvents.at(-1) ?? logtide.at(-1);
    if (record !== undefined) return JSON.stringify(record);
    return String(rest.stderr || rest.stdout || JSON.stringify(rest.value) || '–').trim();
  };
}

/** Does what an entry says and looks at what came of it. Never rejects. */
export async function attempt(entry, rig) {
  let seen;
  try {
    seen = await entry.run(rig);
    await entry.expect(seen, rig);
    return { entry, ok: true, excerpt: shownOf(entry, seen) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { entry, ok: false, problem, excerpt: shownOf(entry, seen) };
  }
}

function shownOf(entry, seen) {
  const excerpt = excerptOf(seen);
  return typeof excerpt === 'string' ? excerpt : excerpt(entry);
}
