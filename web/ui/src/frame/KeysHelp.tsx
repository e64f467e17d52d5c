import { Modal } from '@mantine/core';
import { Kbd } from '../parts/Parts';
import { JOBS } from './jobs';

const GROUPS: readonly { name: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    name: 'Everywhere',
    keys: [['⌘ K', 'search machines and trades'], ['?', 'these keys'], ['esc', 'close, go back'],
      ...JOBS.map((j) => [`g ${j.key}`, j.name] as const)],
  },
  {
    name: 'Order ticket',
    keys: [['b', 'buy'], ['s', 'sell'], ['↑ ↓', 'one tick'], ['⇧ ↑ ↓', 'ten ticks'], ['p', 'price from the ladder'],
      ['⌘ ↵', 'send'], ['⌥ X', 'cancel all orders']],
  },
  {
    name: 'Lists',
    keys: [['/', 'instruments'], ['j k', 'rows'], ['↵', 'open'], ['x', 'cancel the selected order']],
  },
  { name: 'Life line', keys: [['j k', 'next and previous step'], ['← →', 'next and previous step']] },
];

export function KeysHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keys" size={640}>
      <div className="keys-help">
        {GROUPS.map((g) => (
          <section key={g.name}>
            <h3 className="b">{g.name}</h3>
            <dl>
              {g.keys.map(([k, what]) => (
                <div key={k}>
                  <dt>{k.split(' ').map((x) => <Kbd key={x}>{x}</Kbd>)}</dt>
                  <dd className="t2">{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="sm t3 keys-foot">
        Price charts: TradingView Lightweight Charts™, © 2025 <a href="https://www.tradingview.com/" rel="noreferrer">TradingView, Inc.</a>
      </p>
    </Modal>
  );
}
