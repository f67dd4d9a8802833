/** Renders once per frame at most, however much happens in between. */

/** Answers a function that has `render()` called in the next frame, once for any number of calls. */
export function oncePerFrame(render) {
  let isRequested = false;
  return () => {
    if (isRequested) return;
    isRequested = true;
    requestAnimationFrame(() => {
      isRequested = false;
      render();
    });
  };
}
