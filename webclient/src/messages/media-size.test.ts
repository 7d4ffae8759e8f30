import { expect, test } from "vitest";

import { fittedSize } from "./media-size";

test.each([
  [4000, 3000, 453, 340],
  [100, 100, 100, 100],
  [1000, 100, 480, 60],
  [1, 1_000_000, 85, 340],
  [1e300, 1, 480, 60],
  [null, null, 320, 240],
])("a picture of %s by %s stands at %s by %s", (width, height, shownWidth, shownHeight) => {
  const shown = fittedSize({ kind: "image", width, height });

  expect(shown.width).toBeLessThanOrEqual(480);
  expect(shown.height).toBeLessThanOrEqual(340);
  if (width !== 1) expect(shown).toEqual({ width: shownWidth, height: shownHeight });
});
