import type { Logger } from "matrix-js-sdk/lib/logger";

const silent = (): void => undefined;

/** The SDK's log with warnings and errors only: its debug lines name every request. */
export const sdkLog: Logger = {
  getChild: () => sdkLog,
  trace: silent,
  debug: silent,
  info: silent,
  warn: (...parts) => console.warn(...parts),
  error: (...parts) => console.error(...parts),
};
