/** What a player's sound can go through: `import … from 'aulos/effects'`. Apart from the player, which is not larger for it. */
export { Balance } from './playback/effects/balance.ts';
export type { Effect, EffectNodes } from './playback/effects/effect.ts';
export { EQUALIZER_BANDS, EQUALIZER_RANGE_DB, Equalizer } from './playback/effects/equalizer.ts';
export { Limiter } from './playback/effects/limiter.ts';
