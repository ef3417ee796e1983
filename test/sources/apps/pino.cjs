require('pino')().info('hello');
