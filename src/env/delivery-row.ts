import type { CODE_ONLY, Row } from './variable.ts';

/** An option of delivery. */
export interface DeliveryRow<Option = unknown> extends Row<Option> {
  /** What follows `LOGFERRY_` or `LOGFERRY_TRAKERR_`. */
  readonly suffix: string;
}

/** Every option of a group: one that is added there is missed here by the compiler. */
export type Rows<Options> = {
  readonly [Option in keyof Options]-?: DeliveryRow<NonNullable<Options[Option]>> | typeof CODE_ONLY;
};
