import type { Variable } from '../src/env/table.ts';

export function withTables(readme: string, variables: readonly Variable[]): string;
