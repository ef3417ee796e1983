export class Rig {
  static open(): Promise<Rig>;
  close(): Promise<void>;
}
