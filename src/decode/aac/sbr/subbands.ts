/**
 * How the complex values of the QMF bands lie in arrays: band after band, in each its slots in order of time. A slot is 64 samples of the
 * output; a frame of 1,024 samples of the core makes 32 of them.
 */

/** Slots in a frame: numTimeSlots · RATE (ISO/IEC 14496-3 §4.6.18.2.5). */
export const SLOTS = 32;

/** Slots by which envelopes may reach into the next frame, and by which the bands of the core run ahead of the output. */
export const LOOKAHEAD = 6;

/** Bands of the core. */
export const LOW_BANDS = 32;
/** Slots of the frame before that precede the new ones in each band of the core (tHFGen). */
export const T_HF_GEN = 8;
/** Slot 0 of the output stands here (tHFAdj). */
export const T_HF_ADJ = 2;
/** From a band of the core to the next. */
export const LOW_STRIDE = T_HF_GEN + SLOTS;

/** Bands of the output. */
export const BANDS = 64;
/** From a band of the output to the next. */
export const STRIDE = SLOTS + LOOKAHEAD;
