'use strict';

// What `--require logferry/register` loads. Node runs required files in its thread of module hooks as well, where Node
// 22.0 to 22.22.2 and 24.0 to 24.11.0 cannot load an ES module and end the process: nothing is to be done there anyway.
const { isMainThread, parentPort } = require('node:worker_threads');

if (isMainThread || parentPort !== null) require('./register.js');
