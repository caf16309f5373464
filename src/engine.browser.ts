/** `aulos/engine`: one decode for many readers, in a page. */
export * from './playback/engine-surface.ts';
