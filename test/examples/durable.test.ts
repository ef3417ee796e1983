import { describe, expect, it } from 'vitest';
import { runNode } from './run-example.ts';

describe('examples/durable', () => {
  it('delivers after a kill what was emitted before it', async () => {
    const { code, stdout, stderr } = await runNode(['durable.mjs'], { folder: 'durable' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('it ended by SIGKILL and left 1 segment in the spool');
    expect(stdout).toContain('second life: 1000 recovered, 1000 delivered');
    expect(stdout).toContain('LogTide has 1000 of 1000 different records');
  });
});
