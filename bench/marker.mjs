/**
 * Stands in front of the number of each record, in its body: every protocol carries a body as plain UTF-8, so the
 * server can count records by number, truthfully and without knowing the protocol. `~` is rare in all of them.
 */
export const MARKER = '~no';
/** Digits behind the marker; a leading 1 keeps their number constant without padding. */
export const NUMBER_OFFSET = 1_000_000_000;
