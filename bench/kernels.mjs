// For decode.mjs: what no entry of the package exports, the decoders without a track, by codec.
export { AacDecoder as aac } from '../src/decode/aac/decoder.ts';
export { AlacDecoder as alac } from '../src/decode/alac/decoder.ts';
export { FlacDecoder as flac } from '../src/decode/flac/decoder.ts';
export { Mp3Decoder as mp3 } from '../src/decode/mp3/decoder.ts';
export { PcmDecoder as pcm } from '../src/decode/pcm.ts';
