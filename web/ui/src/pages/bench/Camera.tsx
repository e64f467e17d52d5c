import { useEffect, useRef, useState } from 'react';

interface Detector {
  detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]>;
}

function makeDetector(): Detector | null {
  const D = (window as unknown as { BarcodeDetector?: new (o: { formats: string[] }) => Detector }).BarcodeDetector;
  return D ? new D({ formats: ['code_128', 'code_39', 'data_matrix', 'qr_code', 'ean_13'] }) : null;
}

/** Whether this browser can read barcodes by its camera. */
export const cameraReads = () => 'BarcodeDetector' in window && 'mediaDevices' in navigator;

/** The camera as a scanner; the same code again counts after two seconds. */
export function Camera({ onCode, onClose }: { onCode: (code: string) => void; onClose: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [trouble, setTrouble] = useState('');
  const tell = useRef(onCode);
  useEffect(() => {
    tell.current = onCode;
  });
  useEffect(() => {
    const detector = makeDetector();
    const el = video.current;
    if (!detector || !el) return;
    let stream: MediaStream | null = null;
    let ended = false;
    let last = { code: '', at: 0 };
    const look = async () => {
      if (ended) return;
      const found = await detector.detect(el).catch(() => []);
      const code = found[0]?.rawValue ?? '';
      if (code && (code !== last.code || Date.now() - last.at > 2000)) {
        last = { code, at: Date.now() };
        tell.current(code);
      }
      setTimeout(() => void look(), 120);
    };
    navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } }).then(
      async (s) => {
        stream = s;
        if (ended) {
          s.getTracks().forEach((t) => t.stop());
          return;
        }
        el.srcObject = s;
        await el.play();
        void look();
      },
      () => setTrouble('The camera was not given. Allow it in the browser, or type the serial.'),
    );
    return () => {
      ended = true;
      stream?.getTracks().forEach((t) => t.stop());
    };
  }, []);
  return (
    <div className="bn-camera">
      {trouble ? <p role="alert">{trouble}</p> : <video ref={video} muted playsInline aria-label="What the camera sees" />}
      <button type="button" className="btn" onClick={onClose}>Close the camera</button>
    </div>
  );
}
