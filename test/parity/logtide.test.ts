import { testCalls } from './calls.ts';

testCalls('LogTide');
