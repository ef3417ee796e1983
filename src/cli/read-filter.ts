import type { LogFilter, LogTideLevel } from '../client/logtide.ts';
import { LOGTIDE_LEVELS } from '../client/logtide.ts';
import type { ReadArgs, ReadKinds } from './read-args.ts';
import { unknown } from './spool-args.ts';

/** Options that say which logs. */
export const FILTER_KINDS: ReadKinds = { service: 'list', level: 'list', q: 'text', trace: 'text', since: 'text' };

export const filterHelp = `  --service NAME    logs of this service; may be repeated
  --level LEVEL     debug, info, warn, error or critical; may be repeated; "warn+" is warn and above
  --q TEXT          text in the message
  --trace ID        logs of this trace
`;

/** The levels of `--level`: each one, or with a `+` also those above it. Throws `Usage`. */
function levelsOf(texts: readonly string[]): readonly LogTideLevel[] {
  const levels = texts.flatMap((text) => {
    const name = text.toLowerCase().replace(/\+$/, '');
    const at = (LOGTIDE_LEVELS as readonly string[]).indexOf(name);
    if (at === -1) throw unknown('level', text, LOGTIDE_LEVELS);
    return LOGTIDE_LEVELS.slice(at, text.endsWith('+') ? undefined : at + 1);
  });
  return [...new Set(levels)];
}

/** The filters of the command line but for times. Throws `Usage`. */
export function filterOf(args: ReadArgs): Pick<LogFilter, 'service' | 'level' | 'q' | 'traceId'> {
  const services = args.list('service');
  const levels = levelsOf(args.list('level'));
  const q = args.text('q');
  const traceId = args.text('trace');
  return {
    ...(services.length > 0 && { service: services }),
    ...(levels.length > 0 && { level: levels }),
    ...(q !== undefined && { q }),
    ...(traceId !== undefined && { traceId }),
  };
}
