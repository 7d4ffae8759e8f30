import { EventEmitter } from "node:events";
import { expect, test } from "vitest";

import { soon } from "../testing/client";
import { Projection, source } from "./projection";

test("many events cost one computation, and none after the end", async () => {
  const emitter = new EventEmitter();
  let computations = 0;
  const projection = new Projection(() => ++computations, [source(emitter, "a", "b")]);
  expect(projection.value.value).toBe(1);

  for (let i = 0; i < 10; i++) emitter.emit(i % 2 ? "a" : "b");
  await soon(() => expect(projection.value.value).toBe(2));

  emitter.emit("a");
  projection.dispose();
  emitter.emit("a");
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(computations).toBe(2);
  expect(emitter.listenerCount("a")).toBe(0);
});

test("a refresh takes the place of the computation that was due", async () => {
  const emitter = new EventEmitter();
  let computations = 0;
  const projection = new Projection(() => ++computations, [source(emitter, "a")]);

  emitter.emit("a");
  projection.refresh();
  await new Promise((resolve) => setTimeout(resolve, 5));

  expect(computations).toBe(2);
});
