import type { Logger } from "matrix-js-sdk/lib/logger";

const silent = (): void => undefined;

/**
 * The SDK's log: errors, and its warnings among the browser's debug lines. It warns of much that is in order, such as
 * push rules which the specification has dropped; and its own debug lines name every request.
 */
export const sdkLog: Logger = {
  getChild: () => sdkLog,
  trace: silent,
  debug: silent,
  info: silent,
  warn: (...parts) => console.debug(...parts),
  error: (...parts) => console.error(...parts),
};
