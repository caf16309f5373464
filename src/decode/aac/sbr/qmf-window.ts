/** First half of the prototype filter, h(0) … h(320), as differences in units of 10⁻¹⁰, in base 36. */
const DIFFERENCES =
  '-3afc6 -1zau ed3y 1js3 -ebo -35d7 -3zei -556p -4izp -450o -5m0p -3uoy -4vsw -5359 -3ihg -4mre -232z -3zfu -12bd -4379 -xjp -2ch8 160v -icz 1pj xjk 2q4w 25rs 4ij8 287y 6dim 5qf6 6mad 8h5g 86ee 8zb0 bk33 ayg4 cqai cy76 h48k dz1x hrp2 g4gr kkay kbyy jfgy n30x n5zk o9g4 q4bd ono2 rdrd t8lk sghc se2q x0tx ujfk vq46 vzws yqcb xcd1 yh0s xs5o zrkz y9s7 zhr9 yliq zzq4 y2dt y77s yd9x yk2o uylj vfim vpb4 txmn sf85 ptte qwor lqnv ml4n lnpt fjhj ek4h cupm 9wpw 622j 50ze -1exa -2mz0 -7ha1 -aznk -dxzo -jlv9 -o2oh -skx6 -x29r -1131k -18d6b -1byli -1inrd -1nwth -1thdm -1yxin -264ll -2ceqw -2ir9a -2o845 -2wn8x -30o35 -3b37f -3f19h -3mtrj -3upbc -41h2r -48bu7 -4g1ub -4nn33 -4txa2 -517ze -5949u -5gt70 -5o75s -5ukxh -61vma -69sfn -6gxyy -6nriq -6ui50 -73gvs -77j3t -7em1h -7jc0s -7p9ah -7v6x6 -80xv8 -85ygd -8bpsx -8gmmi -8lamx -8n3td -8ruqa -8unc3 -8z572 -8zz17 -92nwh -93u2k -93xho -9743g -95von -953os -94f1y -927v2 -915kp -8z3m5 -8tor8 -8rioq -8lk4x -8ihct -8ae57 -83vh3 -7z9j6 -7nlcf -7gl52 -77s7c -6yyae -6j2uj -6awk7 -5yauw -5kwzg -561h2 -4q4pl -4e93v -3u7yq -3duex -2weip -2de63 -1sakf -191f5 -n5pg -178c lyzp 1a66j 1ys57 2n7we 3eswo 4459c 4x079 5qflx 6inq8 7bhkt 899ew 90hbc a0th7 av2lw bta83 crg9d dp9nc ep8yo fp4b6 gqls3 ho1no irw6k jtyjr kv16o lxhfo n2rca o4eor p6uzc qdevl rflk9 skizh towws uvdn5 vxd79 x37jn y9e8p zd020 10hyg5 11nkds 12ptoe 13vzh2 150shp 163fxf 176n74 18ba8j 19coqt 1afi8v 1bib46 1cirrg 1dkcxu 1ek8fj 1fj1ks 1giqx1 1hhlfz 1idzfq 1ja32x 1k6jy6 1l17a1 1lx4db 1mmw4l 1nhk9h 1o5ll5 1ox788 1plkuu 1q9d3j 1quykv 1rgdup 1s05c6 1sj062 1t03zo 1te4z3 1tuqmp 1u77qh 1uhln6 1usy9y 1v0fs9 1v70n1 1vc8z2 1vi42n 1vj1nb 1vja5l 1vjh1y 1vgnn6 1vd3bt 1v5p1e 1uyaza 1uqw8a 1uc21i 1u38pb 1todto 1t6x4h 1sqmqh 1s54pc 1rms9o 1qxy77 1qb8h3 1pin6w 1ot1zj 1nz5by 1n44nx 1m71hq 1l89ly 1k9yqu 1j6o1z 1i4xh2 1h1uln 1ft6ae 1emyqk 1deooi 1c317i 1at0lq 19fkqr 180uw2 16midj 1556p9 13lh0v 125580 10jn5o yysjo xcov6 vogu6 u2auv sbwn8 qkvfr ox3yu n2txw ldflq jilca hr86c fw7h5 e1eld c7bxd aeuqz 8fmqk 6le3b 4qwpi 2sqeq zoja';

/**
 * The window c of the QMF banks (ISO/IEC 14496-3 table 4.A.87), 640 coefficients to the precision of single floats. It is a symmetric
 * low-pass of which every other block of 128 is negated, because the banks work with a modulation that has period 128.
 */
export const QMF_WINDOW: Float64Array = makeWindow();

function makeWindow(): Float64Array {
  const window = new Float64Array(640);
  let sum = 0;
  for (const [i, difference] of DIFFERENCES.split(' ').entries()) {
    sum += Number.parseInt(difference, 36);
    window[i + 1] = sum / 1e10;
    window[639 - i] = sum / 1e10;
  }
  for (let i = 0; i < 640; i++) if ((i >> 7) & 1) window[i] = -window[i];
  return window;
}
