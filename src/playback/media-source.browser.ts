/** The way of this thread to feed an element: `ManagedMediaSource` where that is what there is. */
export const Source = globalThis.MediaSource ?? (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
