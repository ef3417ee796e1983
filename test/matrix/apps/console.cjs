const { serve } = require('./serve.cjs');

serve((message) => console.info(message));
