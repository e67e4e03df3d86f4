#!/usr/bin/env node
// Starts Seaworthy on a Node that can run it: this one when it is new enough, else the one that the checkout
// brings along. Written so that even a very old Node can read it.
'use strict';

var needed = [24, 15, 0];

function isEnough(version) {
  var parts = version.replace(/^v/, '').split('.').map(Number);
  for (var i = 0; i < 3; i++) if (parts[i] !== needed[i]) return parts[i] > needed[i];
  return true;
}

function pinnedNode() {
  var names = [
    'node-' + (process.platform === 'win32' ? 'win' : process.platform) + '-' + process.arch,
    'node-bin-' + process.platform + '-' + process.arch,
  ];
  for (var i = 0; i < names.length; i++) {
    try {
      var at = require('path').dirname(require.resolve(names[i] + '/package.json'));
      var file = require('path').join(at, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
      if (require('fs').existsSync(file)) return file;
    } catch (_) {
      // Not installed: this platform has none, or the package was installed without them.
    }
  }
  return undefined;
}

function rerun(node) {
  var child = require('child_process').spawn(node, process.execArgv.concat(process.argv.slice(1)), {
    stdio: 'inherit',
  });
  // A terminal's Ctrl-C reaches both; the child cleans up and decides, a lone signal is passed on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {
    child.kill('SIGTERM');
  });
  child.on('error', (error) => {
    process.stderr.write('seaworthy: ' + node + ' does not start: ' + error.message + '\n');
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal ? 128 + (require('os').constants.signals[signal] || 0) : code);
  });
}

if (isEnough(process.version)) require('../src/cli/main.ts').main(process.argv.slice(2));
else {
  var node = pinnedNode();
  if (node) rerun(node);
  else {
    process.stderr.write(
      'seaworthy: needs Node ' + needed.join('.') + ' or newer, this is ' + process.version + '. Install a newer Node and run it again.\n'
    );
    process.exit(2);
  }
}
