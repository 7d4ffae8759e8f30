import { useEffect, useState } from "preact/hooks";

import { useWorkspace } from "../workspace";
import type { MediaRequest } from "./media";

export interface ShownMedia {
  /** To put into `src`; null until it is there. */
  readonly url: string | null;
  readonly hasFailed: boolean;
}

const nothing: ShownMedia = { url: null, hasFailed: false };

/** Media for as long as a view shows it; null asks for none. */
export function useMedia(request: MediaRequest | null): ShownMedia {
  const { media } = useWorkspace();
  const [shown, setShown] = useState(nothing);
  const key = request && JSON.stringify(request);
  useEffect(() => {
    setShown(nothing);
    if (!request) return;
    let isWanted = true;
    media.acquire(request).then(
      (url) => isWanted && setShown({ url, hasFailed: false }),
      () => isWanted && setShown({ url: null, hasFailed: true }),
    );
    return () => {
      isWanted = false;
      media.release(request);
    };
  }, [media, key]);
  return shown;
}
