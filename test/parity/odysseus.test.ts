import { testCalls } from './calls.ts';

testCalls('Odysseus');
