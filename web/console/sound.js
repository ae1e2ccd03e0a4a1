// Short sounds by which somebody is called to the screen.
let context = null;

/** So many short tones. A browser that has had no click yet is silent. */
export function chime(many = 1) {
  try {
    context ??= new AudioContext();
    if (context.state === "suspended") context.resume().catch(() => {});
    for (let n = 0; n < many; n++) tone(context.currentTime + n * 0.22);
  } catch {
    // No sound card: what is shown has to do.
  }
}

function tone(at) {
  const [wave, gain] = [context.createOscillator(), context.createGain()];
  wave.frequency.value = 740;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.18, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.18);
  wave.connect(gain).connect(context.destination);
  wave.start(at);
  wave.stop(at + 0.2);
}
