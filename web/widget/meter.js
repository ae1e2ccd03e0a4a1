// How loud it is: measured, and shown as bars.

/** Measures how loud a stream is: gives 0 to 1 over the 50 dB below -5 dB of full scale. */
function meter(context, stream) {
  const source = context.createMediaStreamSource(stream);
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const level = () => {
    analyser.getFloatTimeDomainData(wave);
    const amplitude = Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
    return Math.min(1, Math.max(0, (20 * Math.log10(amplitude + 1e-6) + 55) / 50));
  };
  return Object.assign(level, { source });
}

/** The height of each bar at full level. */
const BARS = [0.35, 0.6, 0.85, 1, 0.85, 0.6, 0.35];
/** The lowest that a bar becomes. */
const LOW = 0.12;

/** Moves the bars towards a level of 0 to 1 at `now` (ms). `calm`: without swaying, for who wants no motion. */
function raise(bars, level, now, calm) {
  bars.forEach((bar, n) => {
    const sway = calm ? 1 : 0.75 + 0.25 * Math.sin(now / 90 + n * 1.7);
    const want = Math.max(LOW, level * BARS[n] * sway);
    const height = bar.height || LOW;
    bar.height = height + (want - height) * (calm ? 1 : want > height ? 0.5 : 0.18);
    bar.style.transform = `scaleY(${bar.height.toFixed(3)})`;
  });
}
