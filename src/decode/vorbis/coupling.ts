/**
 * From magnitude and angle to the two channels ("Vorbis I specification" §4.3.5). The magnitude is one of them; the sign of the angle says
 * which, and its size how much nearer to 0 the other one is.
 */
export function decouple(magnitudes: Float64Array, angles: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const magnitude = magnitudes[i];
    const angle = angles[i];
    const inner = angle > 0 === magnitude > 0 ? magnitude - angle : magnitude + angle;
    if (angle > 0) angles[i] = inner;
    else {
      magnitudes[i] = inner;
      angles[i] = magnitude;
    }
  }
}
