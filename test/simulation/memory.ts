import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Gives the bytes of the heap that are in use after everything that can go has gone. */
export function createHeapMeter(): () => number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  return () => {
    collect();
    return getHeapStatistics().used_heap_size;
  };
}
