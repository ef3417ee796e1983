/** Why something did not work: the code of the system's error. */
export interface Failure {
  readonly code: string;
}

export function failureOf(error: unknown): Failure {
  const { code } = Object(error) as { code?: unknown };
  return { code: typeof code === 'string' ? code : 'UNKNOWN' };
}
