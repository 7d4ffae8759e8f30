import { useMemo } from "preact/hooks";

import { discover } from "../../core/homeserver";
import { Task } from "../../core/task";

interface Finding {
  readonly finding: Task;
  /** The address of the homeserver's API; null when there is none there: see `finding.failure`. */
  readonly find: () => Promise<string | null>;
}

/** Looks for the homeserver of what is typed, once it is needed. */
export function useHomeserver(typed: string): Finding {
  const finding = useMemo(() => new Task(), []);
  return { finding, find: () => finding.run(() => discover(typed)) };
}
