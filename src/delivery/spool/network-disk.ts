import type { SpoolFiles } from './files.ts';

/** `statfs` types of file systems where every write may wait for a network: NFS, SMB, CIFS, SMB2, FUSE, 9p, Ceph. */
const NETWORK_TYPES = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400]);

/** Whether a path lies on a file system that is not a local disk. */
export function isNetworkDisk(files: SpoolFiles, path: string): boolean {
  try {
    return NETWORK_TYPES.has(files.statfsSync(path).type >>> 0);
  } catch {
    return false;
  }
}
