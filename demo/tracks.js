/** What the demo plays: one track per format. */
export const tracks = [
  { file: 'reed.mp3', title: 'Reed', format: 'MP3, 112 kbit/s', seconds: 56 },
  { file: 'kithara.flac', title: 'Kithara', format: 'FLAC, lossless', seconds: 26 },
  { file: 'harbour.m4a', title: 'Harbour', format: 'AAC in M4A', seconds: 48 },
  { file: 'late-ferry.m4a', title: 'Late Ferry', format: 'AAC in M4A, index at the end', seconds: 48 },
  { file: 'lanterns.m4a', title: 'Lanterns', format: 'AAC in fragmented M4A', seconds: 48 },
  { file: 'salt.aac', title: 'Salt', format: 'AAC in ADTS', seconds: 40 },
  { file: 'small-hours.wav', title: 'Small Hours', format: 'WAV, 16 bit', seconds: 8 },
];
