import { Fragment } from 'react';
import { Glyph } from '../../parts/Glyph';
import { connectorsOf, type Node, type Step } from './nodes';

interface Props {
  nodes: readonly Node[];
  selected: Step;
  onSelect: (s: Step) => void;
}

/** Eleven equal columns, a joint between each two. Click selects. */
export function LifeLine({ nodes, selected, onSelect }: Props) {
  const joints = connectorsOf(nodes);
  return (
    <ol className="lifeline" aria-label="Life line, oldest first">
      {nodes.map((n, i) => (
        <li key={n.step} className={`ll-col ll-${n.state}`}>
          {joints[i] && (
            <span className={`ll-joint ll-joint-${joints[i].tone}`}>
              <span className="xs t2">{joints[i].label}</span>
            </span>
          )}
          <button
            type="button" className="ll-node" aria-pressed={n.step === selected} onClick={() => onSelect(n.step)}
            data-step={n.step} data-state={n.state}
          >
            <span className="ll-glyph"><Glyph kind={n.state} size={16} label={true} /></span>
            <span className="ll-name m">{n.name}</span>
            <span className="xs t2">{n.when}</span>
            <span className="ll-lines xs">
              {n.lines.map((l, k) => <span key={l} className={k === 0 ? 't1 m' : 't2'} title={l}>{l}</span>)}
              <span className={n.state === 'live' ? 't2' : 't3'} title={n.recorder}>{n.recorder}</span>
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

/** The same line on a phone: newest first, a tap opens the evidence. */
export function LifeList({ nodes, selected, onSelect }: Props) {
  const joints = connectorsOf(nodes);
  const newest = nodes.map((n, i) => ({ n, joint: joints[i - 1] })).reverse();
  return (
    <ol className="lifelist" aria-label="Life line, newest first">
      {newest.map(({ n, joint }) => (
        <Fragment key={n.step}>
          <li className={`lli-${n.state}`}>
            {joint && <span className={`lli-joint ll-joint-${joint.tone}`} />}
            <button
              type="button" aria-pressed={n.step === selected} onClick={() => onSelect(n.step)} data-step={n.step}
              data-state={n.state}
            >
              <Glyph kind={n.state} size={18} label={true} />
              <span className="lli-left">
                <span className="lli-name m">{n.name}</span>
                <span>{n.lines[0]}</span>
                <span className={n.state === 'live' ? 't2' : 't3'}>{n.recorder}</span>
              </span>
              <span className="lli-right">
                <span className="t2">{n.when}</span>
                <span className="t2">{n.lines[1]}</span>
              </span>
            </button>
          </li>
        </Fragment>
      ))}
    </ol>
  );
}
