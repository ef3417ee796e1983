import { testCalls } from './calls.ts';

testCalls('Loggier');
