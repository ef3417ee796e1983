import { testCalls } from './calls.ts';

testCalls('Trakerr');
