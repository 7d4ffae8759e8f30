import type { JSX } from "preact";

import { Avatar, type AvatarSize } from "../../design/components";
import { useMedia } from "./use-media";

interface MediaAvatarProps {
  id: string;
  name: string;
  /** The picture's `mxc:` address, if there is one. */
  mxc: string | null | undefined;
  size?: AvatarSize;
}

/** The picture of a user or room; its initial until that is there, or without one. */
export function MediaAvatar({ id, name, mxc, size = "medium" }: MediaAvatarProps): JSX.Element {
  const pixels = pixelsOf[size];
  const { url } = useMedia(
    mxc ? { source: mxc, thumbnail: { width: pixels, height: pixels, method: "crop" } } : null,
  );
  return <Avatar id={id} name={name} size={size} url={url} />;
}

/** Of thumbnails, in sizes that servers commonly have ready. */
const pixelsOf: Record<AvatarSize, number> = { tiny: 16, small: 32, medium: 48, large: 96, huge: 160 };
