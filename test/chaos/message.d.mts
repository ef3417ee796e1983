export interface Read {
  readonly app: string;
  readonly n: number;
  readonly intact: boolean;
  readonly poison: boolean;
}
export function messageOf(app: string, n: number, poison?: boolean): string;
export function readMessage(text: string): Read | undefined;
