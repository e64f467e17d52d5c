import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { tradesQuery, unitsQuery } from '../api/queries';
import type { Trade, Unit } from '../api/types';
import { Icon } from '../parts/Icon';
import { Kbd } from '../parts/Parts';
import { JOBS } from './jobs';
import './palette.css';

interface Hit {
  id: string;
  group: string;
  to: string;
  row: ReactNode;
  does: ReactNode;
}

/** Finds machines and trades by what is printed on them. */
export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened} onClose={onClose} withCloseButton={false} size={640} padding={0} centered={false} yOffset={96}
      aria-label="Search"
    >
      {opened && <Search onClose={onClose} />}
    </Modal>
  );
}

function Search({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const q = useDeferredValue(text.trim());
  const navigate = useNavigate();
  const units = useQuery({ ...unitsQuery(q, 8), enabled: q.length > 1 });
  const trades = useQuery({ ...tradesQuery, retry: false });
  const hits = find(q, units.data ?? [], trades.data ?? []);
  const current = Math.min(at, Math.max(0, hits.length - 1));
  const open = (h: Hit | undefined) => {
    if (!h) return;
    onClose();
    void navigate(h.to);
  };
  const onKey = (ev: KeyboardEvent) => {
    if (ev.key === 'ArrowDown' || ev.key === 'ArrowUp') {
      ev.preventDefault();
      setAt((current + (ev.key === 'ArrowDown' ? 1 : hits.length - 1)) % Math.max(1, hits.length));
    }
    if (ev.key === 'Enter') open(hits[current]);
  };
  return (
    <div className="palette">
      <div className="palette-field">
        <Icon name="search" size={16} />
        <input
          data-autofocus value={text} placeholder="Serial, MAC or trade" aria-label="Search" role="combobox"
          aria-expanded aria-controls="palette-hits" aria-activedescendant={hits[current] && `hit-${hits[current].id}`}
          onChange={(ev) => {
            setText(ev.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKey} autoComplete="off" spellCheck={false}
        />
        <Kbd>esc</Kbd>
      </div>
      <ul id="palette-hits" role="listbox" aria-label="Found">
        {hits.map((h, i) => (
          <li key={h.id} role="presentation">
            {h.group !== hits[i - 1]?.group && <div className="palette-group sm t2">{h.group}</div>}
            <button
              type="button" role="option" id={`hit-${h.id}`} aria-selected={i === current} tabIndex={-1}
              className="palette-hit" onMouseMove={() => setAt(i)} onClick={() => open(h)}
            >
              <span className="palette-row">{h.row}</span>
              <span className="sm t2">{h.does}{i === current && <Kbd>↵</Kbd>}</span>
            </button>
          </li>
        ))}
      </ul>
      {q.length > 1 && units.isSuccess && units.data.length === 0 && (
        <p className="palette-none t2">No machine of yours has “{q}” in its serial or MAC.</p>
      )}
      {units.isError && <p className="palette-none bad">The search did not answer. {units.error.message}</p>}
      <footer className="palette-foot sm t2"><Kbd>↑↓</Kbd> move <Kbd>↵</Kbd> open</footer>
    </div>
  );
}

function find(q: string, units: Unit[], trades: Trade[]): Hit[] {
  const low = q.toLowerCase();
  const jobs = JOBS.filter((j) => j.name.toLowerCase().includes(low));
  return [
    ...(q.length > 1 ? units : []).slice(0, 8).map((u): Hit => ({
      id: u.id, group: 'Machines', to: `/units/${u.id}`, does: 'Life line',
      row: <><span className="mono m">{u.serial}</span>&ensp;<span className="t2">{u.model}{u.site && ` · ${u.site.name}`}</span></>,
    })),
    ...trades.filter((t) => low !== '' && t.number.toLowerCase().includes(low)).slice(0, 5).map((t): Hit => ({
      id: t.id, group: 'Trades', to: `/units/${t.units[0] ?? ''}`, does: 'Life line',
      row: <><span className="mono m">{t.number}</span>&ensp;<span className="t2">{t.units.length} units · {t.state}</span></>,
    })),
    ...jobs.map((j): Hit => ({ id: j.key, group: 'Go to', to: j.to, row: j.name, does: <Kbd>g {j.key}</Kbd> })),
  ];
}
