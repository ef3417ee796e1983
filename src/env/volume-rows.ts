import type { VolumeOptions } from '../volume/volume-options.ts';
import type { Rows } from './delivery-row.ts';

export const VOLUME: Rows<VolumeOptions> = {
  sample: {
    suffix: 'SAMPLE',
    kind: 'sample',
    usual: 'all',
    description:
      'shares that are kept, by severity or scope: `debug=0.1,db.*=50%,http:info=0.2`; by trace, never of errors',
  },
  burst: {
    suffix: 'BURST',
    kind: 'burst',
    usual: 'no limit',
    description: 'most records in a time, `1000/s`; errors always pass, what is held back is counted and told',
  },
  repeats: {
    suffix: 'REPEATS',
    kind: 'repeats',
    usual: '`false`',
    description: 'equal records within 10 s (or another time, `1m`) once, and once more with their number',
  },
  breadcrumbs: {
    suffix: 'BREADCRUMBS',
    kind: 'breadcrumbs',
    usual: '`false`',
    description: "attach a trace's latest 20 records (or another number) to its error, those below the level too",
  },
};
