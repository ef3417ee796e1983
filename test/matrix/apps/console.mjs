import { serve } from './serve.mjs';

serve((message) => console.info(message));
