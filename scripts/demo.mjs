// `npm run demo`: set-up, then the demo in this same process, so that a signal reaches it.
import './setup.mjs';

process.argv.splice(2, 0, 'demo');
await import('../dist/cli/main.js');
