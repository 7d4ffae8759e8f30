import { useEffect, useMemo } from "preact/hooks";

/** Makes a state object for as long as a component shows the same `inputs`, and disposes of it after. */
export function useOwned<T extends { dispose(): void }>(make: () => T, inputs: readonly unknown[]): T {
  const owned = useMemo(make, inputs);
  useEffect(() => () => owned.dispose(), [owned]);
  return owned;
}
