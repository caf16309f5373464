import { PrefixCode } from '../sbr/prefix-code.ts';

/** Huffman codes of parametric stereo (ISO/IEC 14496-3 §8.B.2), in the notation of {@link PrefixCode}. */
export interface ParameterCodes {
  /** For differences from the envelope before. */
  readonly time: PrefixCode;
  /** For differences from the band below. */
  readonly frequency: PrefixCode;
}

/** Inter-channel intensity differences on the default grid. */
export const INTENSITY: ParameterCodes = {
  time: new PrefixCode(-14, '10e20d30f40c50g60b70h80a90ia09b0jc08d0ke0lf07h0mh06j0nj00j01j02k03k04k05k0ok0pk0qk0rk0s'),
  frequency: new PrefixCode(-14, '10e30f30d40g40c50h50b60a60i60j70980k908a07b0ld0md06e0ne0of05f0pg04h03h00h01h02h0qi0ri0s'),
};

/** Inter-channel intensity differences on the fine grid. */
export const FINE_INTENSITY: ParameterCodes = {
  time: new PrefixCode(
    -30,
    '20v70q70y60r60x80z90o910b13c15f09f0af1cf1dd0ha0na11d17f0bf0cg04g1kg02g03g1ng1og1lg1mg00g01g05g1jg06g1if0de0fc0kc14b0mb12e19f1bg07g1hd0id16e0ge18g08g1gf0ef1ag1eg1fd0jc0l90p50s50w30t10u',
  ),
  frequency: new PrefixCode(
    -30,
    '40s40w30t30v50r50x60q60y70p70z80o810911b14c0jc15a0ma12h09h1fh0bh1dg0dg1be0gd0id16e18h0ch1ci04i05i02i03f0fb0lb13f19i08i1gi06i07i1ji1ki1hi1ie0he17i1ni1oi1li1mi00i01i0ai1eg0eg1ac0ka0n10u',
  ),
};

/** Inter-channel coherence. */
export const COHERENCE: ParameterCodes = {
  time: new PrefixCode(-7, '10720830640950560a70480b903a0cb02c0dd01e00e0e'),
  frequency: new PrefixCode(-7, '10720830640950560a70480b90ca03b0dc02d0ee01e00'),
};

/** Inter-channel phase differences, modulo 8. */
export const INTER_PHASE: ParameterCodes = {
  time: new PrefixCode(0, '405504503402406301307100'),
  frequency: new PrefixCode(0, '301404405403406402407100'),
};

/** Overall phase differences, modulo 8. */
export const OVERALL_PHASE: ParameterCodes = {
  time: new PrefixCode(0, '405402406504503301307100'),
  frequency: new PrefixCode(0, '307301403406402505504100'),
};
