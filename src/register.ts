import { isMainThread, parentPort } from 'node:worker_threads';
import { isRegistered, registeredHandle, setRegisteredHandle } from './handle.ts';
import { start } from './start/start.ts';
import { writeLine } from './stderr-diag.ts';
import { SDK_VERSION } from './version.ts';

/** Node runs what `--require` names in the thread of module hooks, too: a worker without a parent to talk to. */
const IS_HOOKS_THREAD = !isMainThread && parentPort === null;

function startOnce(): void {
  if (IS_HOOKS_THREAD) return;
  if (isRegistered()) {
    const version = registeredHandle()?.version;
    if (version !== undefined && version !== SDK_VERSION) {
      writeLine(
        `logferry LF026 version ${version} is at work already: this one, ${SDK_VERSION}, does nothing; install one`,
      );
    }
    return;
  }
  setRegisteredHandle(undefined);
  try {
    setRegisteredHandle(start());
  } catch (error) {
    // Whatever it is, the application starts.
    writeLine(`logferry LF009 could not start: ${error instanceof Error ? error.message : 'unknown error'}`);
  }
}

startOnce();
