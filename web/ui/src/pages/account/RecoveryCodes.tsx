/** Ten codes, shown this once. */
export function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  const save = () => {
    const a = document.createElement('a');
    a.href = URL.createObjectURL(new Blob([`hashyard recovery codes, each works once\n\n${codes.join('\n')}\n`], { type: 'text/plain' }));
    a.download = 'hashyard-recovery-codes.txt';
    a.click();
    URL.revokeObjectURL(a.href);
  };
  return (
    <div className="factor">
      <p className="m">Keep these recovery codes. They are not shown again.</p>
      <p className="t2">Each works once in place of your passkey or app, if you lose it. Keep them on paper or in a password manager.</p>
      <ul className="recovery mono" aria-label="Recovery codes">{codes.map((c) => <li key={c}>{c}</li>)}</ul>
      <div className="factor-row">
        <button type="button" className="btn" onClick={save}>Save as a file</button>
        <button type="button" className="btn btn-primary" onClick={onKept}>I have kept them</button>
      </div>
    </div>
  );
}
