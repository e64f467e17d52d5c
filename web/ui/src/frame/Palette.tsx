import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useNavigate } from 'react-router';
import { searchQuery } from '../api/overview';
import { useMe } from '../api/queries';
import { Glyph } from '../parts/Glyph';
import { Icon } from '../parts/Icon';
import { Kbd } from '../parts/Parts';
import { asks, commandsOf, hitsOf, recentFrom, remember, type Entry } from './finding';
import './palette.css';

/** Finds things by what is printed on them, pages and actions by name. */
export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened} onClose={onClose} withCloseButton={false} size={640} padding={0} centered={false} yOffset={96}
      attributes={{ content: { 'aria-label': 'Search' } }}
    >
      {opened && <Search onClose={onClose} />}
    </Modal>
  );
}

const NOBODY: readonly string[] = [];

/** What was opened last, kept in this browser for one organisation. */
function useRecent(org: string) {
  const key = `hashyard-recent-${org}`;
  const read = () => recentFrom(localStorage.getItem(key));
  return { read, add: (e: Entry) => localStorage.setItem(key, JSON.stringify(remember(read(), e))) };
}

function Search({ onClose }: { onClose: () => void }) {
  const me = useMe().data;
  const can = me?.can ?? NOBODY;
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  // A scanner types and presses Enter before the answer is there.
  const wanted = useRef<string | null>(null);
  const typed = text.trim();
  const q = useDeferredValue(typed);
  const navigate = useNavigate();
  const recent = useRecent(me?.org.id ?? '');
  const found = useQuery({ ...searchQuery(q), enabled: asks(q) && me !== null && me !== undefined });
  const answered = !asks(typed) || (q === typed && !found.isPending);
  const hits = asks(q) && found.data ? hitsOf(found.data) : [];
  const entries = [...(typed === '' ? recent.read() : hits), ...commandsOf(typed, can)];
  const current = Math.min(at, Math.max(0, entries.length - 1));
  const open = (e: Entry | undefined, newTab = false) => {
    if (!e) return;
    recent.add(e);
    onClose();
    // The documentation is pages of their own, beside the app.
    if (e.to.startsWith('/docs')) window.location.assign(e.to);
    else if (newTab) window.open(e.to, '_blank', 'noopener');
    else void navigate(e.to);
  };
  useEffect(() => {
    if (wanted.current !== typed || !answered) return;
    wanted.current = null;
    open(entries[current]);
  });
  const onKey = (ev: KeyboardEvent) => {
    const n = Math.max(1, entries.length);
    if (ev.key === 'ArrowDown' || ev.key === 'ArrowUp') {
      ev.preventDefault();
      setAt((current + (ev.key === 'ArrowDown' ? 1 : n - 1)) % n);
    }
    if (ev.key === 'Home' || ev.key === 'End') setAt(ev.key === 'Home' ? 0 : n - 1);
    if (ev.key !== 'Enter') return;
    ev.preventDefault();
    if (ev.metaKey || ev.ctrlKey) open(entries[current], true);
    else if (answered) open(entries[current]);
    else wanted.current = typed;
  };
  return (
    <div className="palette">
      <div className="palette-field">
        <Icon name="search" size={16} />
        <input
          data-autofocus value={text} placeholder="Serial, MAC, order, trade, txid, block" aria-label="Search" role="combobox"
          aria-expanded={entries.length > 0} aria-controls="palette-hits"
          aria-activedescendant={entries[current] && `hit-${entries[current].id}`}
          onChange={(ev) => {
            setText(ev.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKey} autoComplete="off" spellCheck={false} maxLength={100}
        />
        <Kbd>esc</Kbd>
      </div>
      <Hits entries={entries} current={current} onPoint={setAt} onOpen={open} />
      <p className="sr" role="status">{asks(q) && found.isSuccess && `${hits.length} found`}</p>
      {asks(q) && found.isSuccess && hits.length === 0 && (
        <p className="palette-none t2">Nothing that you may see is called “{q}”.</p>
      )}
      {asks(q) && found.isError && <p className="palette-none bad" role="alert">The search did not answer. {found.error.message}</p>}
      <footer className="palette-foot sm t2">
        <span><Kbd>↑↓</Kbd> move</span><span><Kbd>↵</Kbd> open</span><span><Kbd>⌘↵</Kbd> new tab</span>
        <span className="palette-scan">a scan here opens the machine</span>
      </footer>
    </div>
  );
}

function Hits({ entries, current, onPoint, onOpen }: {
  entries: readonly Entry[]; current: number; onPoint: (i: number) => void; onOpen: (e: Entry, newTab: boolean) => void;
}) {
  const groups = [...new Set(entries.map((e) => e.group))];
  useEffect(() => {
    const id = entries[current]?.id;
    if (id) document.getElementById(`hit-${id}`)?.scrollIntoView({ block: 'nearest' });
  });
  return (
    <div id="palette-hits" className="palette-hits" role="listbox" aria-label="Found">
      {groups.map((g) => (
        <div key={g} role="group" aria-label={g}>
          <div className="palette-group sm t2" aria-hidden>{g}</div>
          {entries.map((e, i) => e.group === g && (
            <div
              key={e.id} role="option" id={`hit-${e.id}`} aria-selected={i === current} className="palette-hit"
              onMouseMove={() => i !== current && onPoint(i)} onClick={(ev) => onOpen(e, ev.metaKey || ev.ctrlKey)}
            >
              <span className="palette-glyph">{e.glyph && <Glyph kind={e.glyph} size={12} />}</span>
              <span className="palette-row">
                <span className={e.mono ? 'mono m' : undefined}>{e.label}</span>
                {e.about && <span className="t2 palette-about">{e.about}</span>}
              </span>
              <span className="sm t2 palette-does">
                {e.does}{e.keys?.split(' ').map((k) => <Kbd key={k}>{k}</Kbd>)}{i === current && !e.keys && <Kbd>↵</Kbd>}
              </span>
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
