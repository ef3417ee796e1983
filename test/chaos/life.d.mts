export interface LifeSettings {
  /** Different for each life; its records are called `<app>-<n>`. */
  readonly app: string;
  readonly url: string;
  readonly directory: string;
  /** Records per second. */
  readonly rate: number;
  /** Records in all; default no end of them. */
  readonly count?: number;
  readonly poisonEvery?: number;
  readonly spool?: object;
  readonly delivery?: object;
  readonly memory?: boolean;
  /** What the process does right after its last record. */
  readonly end?: 'exit' | 'abort' | 'throw' | 'reject' | 'sigterm' | 'handler' | 'memory';
}
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}
export interface Life {
  readonly app: string;
  readonly pid: number;
  readonly acknowledged: number;
  readonly opened: Promise<unknown>;
  readonly working: Promise<unknown>;
  readonly ended: Promise<Ended>;
  kill(signal?: NodeJS.Signals): Promise<Ended>;
  finish(): Promise<Ended>;
}
export function startLife(settings: LifeSettings, flags?: readonly string[], file?: string): Life;
