// Right is short and high, wrong long and low, again two short ones: told
// apart without looking, also beside fans.

let audio: AudioContext | null = null;

function tone(hz: number, from: number, length: number, shape: OscillatorType, loud: number): void {
  if (!audio) return;
  const o = audio.createOscillator();
  const g = audio.createGain();
  o.type = shape;
  o.frequency.value = hz;
  const t = audio.currentTime + from;
  g.gain.setValueAtTime(0, t);
  g.gain.linearRampToValueAtTime(loud, t + 0.01);
  g.gain.setValueAtTime(loud, t + length - 0.02);
  g.gain.linearRampToValueAtTime(0, t + length);
  o.connect(g).connect(audio.destination);
  o.start(t);
  o.stop(t + length);
}

/** Browsers allow sound after a key or a touch; a scan is one. */
export function sound(kind: 'right' | 'again' | 'wrong'): void {
  try {
    audio ??= new AudioContext();
    void audio.resume();
    if (kind === 'right') tone(1320, 0, 0.09, 'sine', 0.25);
    else if (kind === 'again') [0, 0.13].forEach((at) => tone(660, at, 0.08, 'sine', 0.25));
    else tone(130, 0, 0.9, 'square', 0.35);
  } catch {
    audio = null; // no sound here; the panel says it too
  }
}
