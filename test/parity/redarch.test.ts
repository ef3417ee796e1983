import { testCalls } from './calls.ts';

testCalls('RedArch');
