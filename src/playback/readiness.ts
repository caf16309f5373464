/** As `HTMLMediaElement.readyState` (HTML §4.8.11.7). */
export type ReadyState = 0 | 1 | 2 | 3 | 4;

export const HAVE_NOTHING = 0;
export const HAVE_METADATA = 1;
export const HAVE_CURRENT_DATA = 2;
export const HAVE_FUTURE_DATA = 3;
export const HAVE_ENOUGH_DATA = 4;

/** What is known of the sound at hand. */
export interface ReadinessFacts {
  readonly hasHead: boolean;
  /** A seek is under way. */
  readonly isSeeking: boolean;
  /** The worklet ran dry and is not fed up again. */
  readonly isStarved: boolean;
  /** The worklet is playing. */
  readonly isPlaying: boolean;
  /** Decoded sound after the playhead, seconds. */
  readonly aheadSeconds: number;
  /** The end of the track is decoded. */
  readonly isEndDecoded: boolean;
  /** Every byte is held. */
  readonly isComplete: boolean;
}

/** Sound ahead with which playing goes on for a moment, seconds. */
const FUTURE_SECONDS = 0.1;
/** Sound ahead with which it is expected to go on to the end, seconds: the decoder stays that far ahead when the network keeps up. */
const ENOUGH_SECONDS = 2;

/** First match wins. */
export function readyStateFor({
  hasHead,
  isSeeking,
  isStarved,
  isPlaying,
  aheadSeconds,
  isEndDecoded,
  isComplete,
}: ReadinessFacts): ReadyState {
  if (!hasHead) return HAVE_NOTHING;
  if (isSeeking) return HAVE_METADATA;
  if (isEndDecoded) return HAVE_ENOUGH_DATA;
  if (aheadSeconds <= 0 && !isPlaying) return HAVE_METADATA;
  if (isStarved || (aheadSeconds < FUTURE_SECONDS && !isPlaying)) return HAVE_CURRENT_DATA;
  return isComplete || aheadSeconds >= ENOUGH_SECONDS ? HAVE_ENOUGH_DATA : HAVE_FUTURE_DATA;
}

/** Events that a change of the ready state fires, in order (HTML §4.8.11.7); `playing` is the worklet's to say. */
export function readinessEvents(
  from: ReadyState,
  to: ReadyState,
  wasLoaded: boolean,
): ('durationchange' | 'loadedmetadata' | 'loadeddata' | 'canplay' | 'canplaythrough')[] {
  const passes = (state: ReadyState) => from < state && to >= state;
  return [
    ...(passes(HAVE_METADATA) ? (['durationchange', 'loadedmetadata'] as const) : []),
    ...(passes(HAVE_CURRENT_DATA) && !wasLoaded ? (['loadeddata'] as const) : []),
    ...(passes(HAVE_FUTURE_DATA) ? (['canplay'] as const) : []),
    ...(passes(HAVE_ENOUGH_DATA) ? (['canplaythrough'] as const) : []),
  ];
}
