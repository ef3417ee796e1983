const { spawnSync } = require('node:child_process');
const { logs } = require('@opentelemetry/api-logs');

const log = (body) => logs.getLogger('shop').emit({ body, severityNumber: 9 });
if (process.argv[2] === 'child') log('child');
else {
  log('parent');
  const { status } = spawnSync(process.execPath, [__filename, 'child'], { stdio: 'inherit' });
  process.exitCode = status;
}
